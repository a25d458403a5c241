import { fault } from '#kit/errors/fault.ts';
import { checkTrustDomain } from '#kit/pki/spiffe.ts';
import type { SignCertificateRequest } from '#proto/dapr/proto/sentry/v1/sentry_pb.js';

/** What an attestor found out about the caller. */
export type Attested = {
  trustDomain: string;
  /** Images of the pod's containers, where they are known. */
  images?: readonly ContainerImage[];
};

/** One container of the caller's pod, as the certificate names it. */
export type ContainerImage = { role: 'daprd' | 'app'; containerName: string; image: string; digest?: string };

/** A way to prove who asks for a certificate. Throws `permission-denied` saying what does not fit. */
export type Attestor = (request: SignCertificateRequest, signal: AbortSignal) => Promise<Attested>;

const defaultTrustDomain = 'public';
const longestAppId = 64;

/**
 * The demands on every request: an app ID without dots of at most 64 characters, a CSR, a namespace. Answers the trust
 * domain asked for, or `public`. Throws `permission-denied` that lists every breach, in Dapr's words.
 */
export function checkRequest(request: SignCertificateRequest): string {
  const { id, namespace, certificateSigningRequest, trustDomain } = request;
  const breaches = [
    id === '' && 'app ID is empty',
    id.includes('.') && 'app ID must not contain dots',
    Buffer.byteLength(id) > longestAppId && `app ID must be ${longestAppId} characters or less`,
    certificateSigningRequest.length === 0 && 'CSR is required',
    namespace === '' && 'namespace is required',
  ].filter((breach) => breach !== false);
  if (breaches.length > 0) throw fault('permission-denied', `invalid request: ${breaches.join('; ')}`);
  try {
    return checkTrustDomain(trustDomain || defaultTrustDomain);
  } catch (cause) {
    throw fault('permission-denied', `invalid request: ${(cause as Error).message}`, { cause });
  }
}
