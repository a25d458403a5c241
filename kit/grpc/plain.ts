import type { Headers } from '#kit/http2/hpack-decoder.ts';
import { encodeHeaders, type HeaderInit } from '#kit/http2/hpack-encoder.ts';

/**
 * HTTP requests beside gRPC calls on the connections of our own servers, as they are: not wrapped in messages. A server
 * that takes them says so by a setting, which others have to ignore (RFC 9113, 6.5.2); each request bears a header.
 */
export const plainSetting = 0x6f72;
export const plainHeader = 'outrigger-plain';

/** Repeated headers, as JSON: HPACK's reader would join them, which not all survive. */
const repeatedHeader = 'outrigger-repeated';

type Lists = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * A header block of what is ours, pseudo-headers first, and of headers that may be lists. Throws `TypeError` for what no
 * header may hold.
 */
export function plainBlock(own: HeaderInit, headers: Lists): Buffer {
  let repeated: Record<string, readonly string[]> | undefined;
  for (const name in headers) {
    const value = headers[name];
    if (typeof value !== 'object' || value.length < 2) continue;
    repeated ??= {};
    repeated[name] = value;
  }
  if (repeated === undefined) return encodeHeaders(own, headers);
  const single: Record<string, string | readonly string[] | undefined> = { ...headers };
  for (const name in repeated) delete single[name];
  single[repeatedHeader] = JSON.stringify(repeated);
  return encodeHeaders(own, single);
}

/** The headers of such a block. */
export function plainHeaders(block: Headers): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const name in block) {
    if (name.charCodeAt(0) !== colon && name !== repeatedHeader && name !== plainHeader) headers[name] = block[name]!;
  }
  const repeated = block[repeatedHeader];
  if (repeated !== undefined) for (const [name, values] of lists(repeated)) headers[name] = values;
  return headers;
}

function lists(json: string): [string, string[]][] {
  try {
    const all = Object.entries(JSON.parse(json) as object);
    return all.filter(([name, values]) => nameForm.test(name) && Array.isArray(values) && values.every(isText));
  } catch {
    return [];
  }
}

const colon = 58;
/** No `__proto__` among them: it begins as no name here may. */
const nameForm = /^[a-z0-9][a-z0-9!#$%&'*+.^_`|~-]*$/;
const isText = (value: unknown): boolean => typeof value === 'string';
