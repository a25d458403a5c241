import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { fault, toFault } from '#kit/errors/fault.ts';
import { type Implementation, implement } from '#kit/grpc/service.ts';
import type { Logger } from '#kit/log/logger.ts';
import {
  CA,
  type SignCertificateRequest,
  SignCertificateRequest_TokenValidator as Validator,
} from '#proto/dapr/proto/sentry/v1/sentry_pb.js';
import type { Attested, Attestor } from '../attest/attestor.ts';
import type { Authority } from '../ca/authority.ts';
import type { SentryMetrics } from '../metrics.ts';

export type SignOptions = {
  authority: Authority;
  /** Enabled attestors, by the number a request names them with. */
  attestors: ReadonlyMap<number, Attestor>;
  /** Stands in for a request that names none; UNKNOWN when requests must name one. */
  defaultAttestor: Validator;
  /** Own namespace: the control plane's. */
  namespace: string;
  /** Last part of service names in the cluster. */
  clusterDomain: string;
  metrics: SentryMetrics;
  log: Logger;
};

const imagesOid = '1.3.6.1.4.1.57683.100.1';

/** The gRPC service `CA`: attests the caller, then signs for what was attested. */
export function signService(options: SignOptions): Implementation {
  const { metrics, log } = options;
  return implement(CA, {
    async signCertificate(request, { signal }) {
      metrics.received();
      try {
        const answer = await signCertificate(options, request, signal);
        metrics.signed();
        return answer;
      } catch (thrown) {
        metrics.failed('sign');
        log.debug(`Refused a certificate for ${request.namespace}/${request.id}: ${toFault(thrown).message}`);
        throw thrown;
      }
    },
  });
}

async function signCertificate(options: SignOptions, request: SignCertificateRequest, signal: AbortSignal) {
  const attested = await attestorFor(options, request.tokenValidator)(request, signal);
  const { namespace, id: appId } = request;
  const identity = {
    id: { trustDomain: attested.trustDomain, namespace, appId },
    dnsNames: dnsNames(options, namespace, appId),
    extensions: imagesExtension(attested),
  };
  const { authority } = options;
  const signed = authority.sign(Buffer.from(request.certificateSigningRequest).toString('latin1'), identity);
  const tokens = await authority.tokens(identity, request.jwtAudiences);
  return {
    workloadCertificate: Buffer.from(signed.chainPem),
    trustChainCertificates: [Buffer.from(authority.anchorsPem)],
    validUntil: timestampFromDate(signed.notAfter),
    ...(tokens && { jwt: tokens.all, perAudienceJwts: asMessages(tokens.byAudience) }),
  };
}

function attestorFor({ attestors, defaultAttestor }: SignOptions, asked: Validator): Attestor {
  const chosen = asked === Validator.UNKNOWN ? defaultAttestor : asked;
  if (chosen === Validator.UNKNOWN)
    throw fault('bad-request', 'a validator name must be specified in this environment');
  const attestor = attestors.get(chosen);
  if (!attestor) throw fault('bad-request', 'the requested validator is not enabled');
  return attestor;
}

/** Webhooks and schedulers are dialled by name; the names go only to the control plane's own identities. */
function dnsNames({ namespace: own, clusterDomain }: SignOptions, namespace: string, appId: string): readonly string[] {
  if (namespace !== own) return [];
  if (appId === 'dapr-injector') return [`dapr-sidecar-injector.${own}.svc`];
  if (appId === 'dapr-operator') return [`dapr-webhook.${own}.svc`];
  if (appId !== 'dapr-scheduler') return [];
  return [0, 1, 2].map((i) => `dapr-scheduler-server-${i}.dapr-scheduler-server.${own}.svc.${clusterDomain}`);
}

function imagesExtension({ images = [] }: Attested): Record<string, Uint8Array> {
  return images.length === 0 ? {} : { [imagesOid]: Buffer.from(JSON.stringify(images)) };
}

const asMessages = (tokens: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(tokens).map(([audience, value]) => [audience, { value }]));
