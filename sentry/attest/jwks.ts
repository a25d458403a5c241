import { errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { fault } from '#kit/errors/fault.ts';
import { formatSpiffeId } from '#kit/pki/spiffe.ts';
import { type Attestor, checkRequest } from './attestor.ts';

export type JwksAttestorOptions = {
  /** Finds the key of a token's header. */
  keys: JWTVerifyGetKey;
  /** Sentry's own SPIFFE ID, which must be among the token's audiences. */
  sentryId: string;
  now(): Date;
};

const skewSeconds = 300;

/** Attests a caller by a JWT whose subject is the SPIFFE ID it asks for and whose audience is sentry. */
export function jwksAttestor({ keys, sentryId, now }: JwksAttestorOptions): Attestor {
  return async (request) => {
    if (request.token === '') throw fault('permission-denied', 'the request does not contain a token');
    const trustDomain = checkRequest(request);
    const subject = subjectOf({ trustDomain, namespace: request.namespace, appId: request.id });
    try {
      await jwtVerify(request.token, keys, {
        audience: sentryId,
        subject,
        clockTolerance: skewSeconds,
        currentDate: now(),
      });
    } catch (cause) {
      throw fault('permission-denied', `token validation failed: ${describe(cause)}`, { cause });
    }
    return { trustDomain };
  };
}

function subjectOf(id: Parameters<typeof formatSpiffeId>[0]): string {
  try {
    return formatSpiffeId(id);
  } catch (cause) {
    throw fault('permission-denied', `invalid request: ${(cause as Error).message}`, { cause });
  }
}

/** What is wrong with a token, in the words Dapr's users know. */
function describe(thrown: unknown): string {
  if (thrown instanceof errors.JWTExpired || thrown instanceof errors.JWTClaimValidationFailed)
    return `"${thrown.claim}" not satisfied: ${thrown.message}`;
  if (
    thrown instanceof errors.JWSSignatureVerificationFailed ||
    thrown instanceof errors.JWKSNoMatchingKey ||
    thrown instanceof errors.JOSENotSupported ||
    thrown instanceof errors.JOSEAlgNotAllowed
  )
    return 'could not verify message using any of the signatures or keys';
  return thrown instanceof Error ? thrown.message : String(thrown);
}
