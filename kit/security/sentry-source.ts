import { Buffer } from 'node:buffer';
import type { Transport } from '#kit/grpc/transport.ts';
import type { SpiffeId } from '#kit/pki/spiffe.ts';
import { CA } from '#proto/dapr/proto/sentry/v1/sentry_pb.js';
import type { SvidSource } from './svid.ts';
import type { SentryTokenSource } from './token.ts';

export type SentrySourceOptions = {
  /** Opens a connection to sentry, which is closed after each request. */
  connect(): Transport;
  token: SentryTokenSource;
  /** Who to ask for; the trust domain is sent by control-plane services alone. */
  identity: Pick<SpiffeId, 'namespace' | 'appId'> & { trustDomain: string | undefined };
};

/** Time for one request to sentry; Dapr's. */
const signTimeoutMs = 3_000;

/** Identities from sentry's `SignCertificate`, over TLS that has proved sentry's own identity. */
export function sentrySource({ connect, token, identity }: SentrySourceOptions): SvidSource {
  return async ({ csrPem, jwtAudiences }, signal) => {
    const proof = await token();
    await using sentry = connect();
    const answer = await sentry.unary(
      CA.method.signCertificate,
      {
        id: identity.appId,
        namespace: identity.namespace,
        trustDomain: identity.trustDomain ?? '',
        token: proof.token,
        tokenValidator: proof.validator,
        certificateSigningRequest: Buffer.from(csrPem),
        jwtAudiences: [...jwtAudiences],
      },
      { signal, timeoutMs: signTimeoutMs },
    );
    return {
      chainPem: Buffer.from(answer.workloadCertificate).toString(),
      anchorsPem: answer.trustChainCertificates.map((pem) => Buffer.from(pem).toString()).join('\n') || undefined,
      jwt: unwrap(answer.jwt),
      jwtByAudience: new Map(Object.entries(answer.perAudienceJwts).map(([name, jwt]) => [name, unwrap(jwt) ?? ''])),
    };
  };
}

/** StringValue is a plain string in a singular field and a message in a map. */
const unwrap = (value: string | { value: string } | undefined): string | undefined =>
  typeof value === 'object' ? value.value : value;
