import type { RestReply } from '../../blocks/rest.ts';
import type { IncomingCall } from './call.ts';
import type { HttpDoor } from './door.ts';

const methods = new Set(['HEAD', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * Lets browsers of some origins call a door. Origins are comma separated, in any case; `*` alone is every origin, and
 * one `*` inside an origin stands for any text. Empty leaves the door as it is. Preflights are answered here, ahead of
 * the API token, which browsers never send with them. Source: Fetch standard, section 3.3.
 */
export function withCors(door: HttpDoor, origins: string): HttpDoor {
  if (origins === '') return door;
  const allowed = origins.split(',').map((origin) => origin.trim().toLowerCase());
  const everyone = allowed.includes('*');
  const fits = everyone ? () => true : matcher(allowed);
  const headersFor = (origin: string | undefined, method: string): Record<string, string> =>
    origin !== undefined && fits(origin.toLowerCase()) && methods.has(method.toUpperCase())
      ? { 'access-control-allow-origin': everyone ? '*' : origin }
      : {};
  return async (incoming) => {
    const origin = one(incoming, 'origin');
    const wanted = one(incoming, 'access-control-request-method');
    if (incoming.method === 'OPTIONS' && wanted !== undefined)
      return preflight(headersFor(origin, wanted), wanted, one(incoming, 'access-control-request-headers'));
    const reply = await door(incoming);
    return { ...reply, headers: { ...reply.headers, ...headersFor(origin, incoming.method), vary: varyOf(reply) } };
  };
}

function preflight(granted: Record<string, string>, method: string, headers: string | undefined): RestReply {
  const vary = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers';
  if (granted['access-control-allow-origin'] === undefined) return { status: 200, headers: { vary } };
  const allowHeaders = headers ? { 'access-control-allow-headers': headers } : {};
  return {
    status: 200,
    headers: { ...granted, 'access-control-allow-methods': method.toUpperCase(), ...allowHeaders, vary },
  };
}

function matcher(allowed: readonly string[]): (origin: string) => boolean {
  const exact = new Set(allowed.filter((origin) => !origin.includes('*')));
  const patterns = allowed.filter((origin) => origin.includes('*')).map((origin) => [cut(origin), cut(origin, 1)]);
  return (origin) =>
    exact.has(origin) ||
    patterns.some(
      ([start, end]) =>
        origin.length >= start!.length + end!.length && origin.startsWith(start!) && origin.endsWith(end!),
    );
}

/** What stands before the first `*`, or after it. */
const cut = (origin: string, part: 0 | 1 = 0): string =>
  part === 0 ? origin.slice(0, origin.indexOf('*')) : origin.slice(origin.indexOf('*') + 1);

function varyOf({ headers }: RestReply): string {
  const own = headers?.['vary'];
  return own === undefined ? 'Origin' : `${own}, Origin`;
}

function one({ headers }: IncomingCall, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}
