import { fault } from '#kit/errors/fault.ts';
import type { HttpCall } from './call.ts';

/** Headers that a client writes for itself. */
const own = new Set(['connection', 'content-length', 'transfer-encoding', 'keep-alive', 'upgrade']);
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const unprintable = /[^\t\x20-\x7e\x80-\xff]/;
const noTarget = /[^\x21-\x7e\x80-\xff]/;

/**
 * The head of an HTTP/1.1 request, to be sent as Latin-1. Says nothing of the connection: HTTP/1.1 keeps it alive
 * unasked. `host` is used where the call names none. Throws `bad-request` for what would break out of its line.
 */
export function requestHead({ method, path, headers, body, bodyBytes }: HttpCall, host: string): string {
  if (!token.test(method) || noTarget.test(path))
    throw fault('bad-request', `${method} ${path} is no HTTP request line`);
  let head = `${method} ${path} HTTP/1.1\r\n`;
  if (headers?.['host'] === undefined) head += `host: ${host}\r\n`;
  for (const name in headers) {
    if (own.has(name)) continue;
    const value = headers[name]!;
    if (typeof value === 'string') head += line(name, value);
    else for (const one of value) head += line(name, one);
  }
  if (body === undefined) return `${head}\r\n`;
  const bytes = Buffer.isBuffer(body) ? body.length : bodyBytes;
  return `${head}${bytes === undefined ? 'transfer-encoding: chunked' : `content-length: ${bytes}`}\r\n\r\n`;
}

function line(name: string, value: string): string {
  if (token.test(name) && !unprintable.test(value)) return `${name}: ${value}\r\n`;
  throw fault('bad-request', `header ${JSON.stringify(name)} has characters that HTTP does not allow`);
}
