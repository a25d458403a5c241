import { fault } from '#kit/errors/fault.ts';

/** A Dapr identity: `spiffe://<trust domain>/ns/<namespace>/<app ID>`. */
export type SpiffeId = { readonly trustDomain: string; readonly namespace: string; readonly appId: string };

const trustDomainPattern = /^[a-z0-9._-]{1,255}$/;
const segmentPattern = /^[A-Za-z0-9._-]+$/;
const maxLength = 2048;

/**
 * The URI of an identity. Throws `bad-request` that names the part which may not stand in a SPIFFE ID (SPIFFE-ID §2:
 * trust domain of lower-case letters, digits and `._-`; path segments of letters, digits and `._-`, not `.` or `..`).
 */
export function formatSpiffeId({ trustDomain, namespace, appId }: SpiffeId): string {
  if (!trustDomainPattern.test(trustDomain)) throw badPart('trust domain', trustDomain);
  if (!isSegment(namespace)) throw badPart('namespace', namespace);
  if (!isSegment(appId)) throw badPart('app ID', appId);
  const uri = `spiffe://${trustDomain}/ns/${namespace}/${appId}`;
  if (uri.length > maxLength) throw fault('bad-request', `the SPIFFE ID is longer than ${maxLength} characters`);
  return uri;
}

/** Reads a Dapr identity. Throws `bad-request` for any other URI, other SPIFFE IDs among them. */
export function parseSpiffeId(uri: string): SpiffeId {
  const match = uri.length <= maxLength ? /^spiffe:\/\/([^/]+)\/ns\/([^/]+)\/([^/]+)$/.exec(uri) : null;
  const [, trustDomain, namespace, appId] = match ?? [];
  if (!match || !trustDomainPattern.test(trustDomain!) || !isSegment(namespace!) || !isSegment(appId!))
    throw fault(
      'bad-request',
      `not an identity of the form spiffe://<trust domain>/ns/<namespace>/<app ID>: ${JSON.stringify(uri.slice(0, 200))}`,
    );
  return { trustDomain: trustDomain!, namespace: namespace!, appId: appId! };
}

/** Throws `bad-request` when the text cannot be a trust domain. */
export function checkTrustDomain(text: string): string {
  if (!trustDomainPattern.test(text)) throw badPart('trust domain', text);
  return text;
}

const isSegment = (text: string) => segmentPattern.test(text) && text !== '.' && text !== '..';

const badPart = (part: string, text: string) =>
  fault('bad-request', `${part} ${JSON.stringify(text.slice(0, 200))} may not stand in a SPIFFE ID`);
