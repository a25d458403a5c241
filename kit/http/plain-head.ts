import type { HttpRequest } from './message.ts';

/** Request line and headers of a plain request. */
export type PlainHead = {
  readonly method: string;
  /** Path and query as they came; bytes beyond ASCII, which some clients leave as they are, percent-encoded. */
  readonly url: string;
  readonly headers: HttpRequest['headers'];
  readonly rawHeaders: readonly string[];
  /** Bytes of the body. */
  readonly bodyLength: number;
  /** The lines of the headers, as they came. */
  readonly block: string;
};

const requestLine = /^(GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS) (\/[\x21-\x7e]*) HTTP\/1\.1$/;
/** Lines of a token, a colon and printable ASCII. One way to match each character: it takes time in step with its length. */
const headerLines = /^(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e]*\r\n)+$/;
const digits = /^\d{1,15}$/;

/** Headers that change how a request is read or a connection is used. */
const special = new Set(['transfer-encoding', 'upgrade', 'expect', '__proto__']);

/**
 * Reads the head of a request that leaves no two ways to read it: HTTP/1.1, a path, one host, headers that occur once,
 * a body of known length at most. Undefined for any other, be it wrong or just rare. `text` goes up to the empty line,
 * that not included. The head before it on the same connection spares reading headers that have not changed.
 */
export function plainHead(text: string, before?: PlainHead): PlainHead | undefined {
  const lineEnd = text.indexOf('\r\n');
  const first = text.slice(0, lineEnd);
  const [, method, url] = requestLine.exec(first) ?? requestLine.exec(withoutRaw(first)) ?? [];
  if (method === undefined || url === undefined) return undefined;
  const block = text.slice(lineEnd + 2);
  if (before !== undefined && before.block === block) {
    const { headers, rawHeaders, bodyLength } = before;
    return { method, url, headers, rawHeaders, bodyLength, block };
  }
  if (!headerLines.test(block)) return undefined;
  const rawHeaders: string[] = [];
  const headers: Record<string, string> = {};
  for (let at = 0; at < block.length; ) {
    const end = block.indexOf('\r\n', at);
    const colon = block.indexOf(':', at);
    const given = block.slice(at, colon);
    const name = given.toLowerCase();
    if (special.has(name) || Object.hasOwn(headers, name)) return undefined;
    const value = block.slice(colon + 1, end).trim();
    rawHeaders.push(given, value);
    headers[name] = value;
    at = end + 2;
  }
  const length = headers['content-length'] ?? '0';
  if (!headers['host'] || !digits.test(length) || !persists(headers['connection'])) return undefined;
  return { method, url, headers, rawHeaders, bodyLength: Number(length), block };
}

const withoutRaw = (line: string): string =>
  line.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);

const persists = (connection: string | undefined): boolean =>
  connection === undefined || connection.toLowerCase() === 'keep-alive';
