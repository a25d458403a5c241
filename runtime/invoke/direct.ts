/**
 * The form of a call between two of our own sidecars whose app speaks HTTP: a request of HTTP/2 beside the gRPC calls of
 * `internals.v1`, on the same connection with its mutual TLS. Verb, path, query, headers and body are the call's own;
 * what has no place there is in these.
 */

/** On the call of a gRPC caller, whose headers are metadata. */
export const fromGrpcHeader = 'outrigger-from-grpc';
/** Type of a protobuf body. */
export const typeUrlHeader = 'outrigger-type-url';

/** On an answer that is the sidecar's own: a status, in the headers that gRPC has for it. */
export const statusHeader = 'outrigger-status';

/** Bodies of up to this size are taken whole where their length is known. */
export const wholeUpTo = 65_536;

/** Escapes a method as the path of a URL, after its first slash; `decodeURIComponent` gives it back. */
export function methodPath(method: string): string {
  if (/^[A-Za-z0-9\-._~:/@!$&'()*+,;=]*$/.test(method)) return method;
  return method.split('/').map(encodeURIComponent).join('/');
}
