const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

/** Whether repeating a request of that method changes nothing. Source: RFC 9110, section 9.2.2. */
export const isIdempotent = (method: string): boolean => idempotent.has(method);
