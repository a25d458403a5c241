import { STATUS_CODES } from 'node:http';
import type { HttpReply } from './message.ts';
import { headersOf, isStream } from './reply.ts';

const nameForm = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What would end a header early, or cannot be sent as one byte. */
const unfit = /[^\t\x20-\x7e\x80-\xff]/;

/** Bodies up to this size are copied behind their head, so that both leave in one write. */
const mostCopied = 16 * 1024;

/**
 * Status line and headers of a reply, the empty line included. A body of unknown length is announced as chunked, save to
 * HEAD. Throws for a header that HTTP has no place for.
 */
export function replyHead(
  reply: HttpReply,
  contentType: string,
  date: string,
  closing: boolean,
  toHead: boolean,
): string {
  const headers = headersOf(reply, contentType, toHead);
  let head = `HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status] ?? 'Unknown'}\r\n`;
  for (const name in headers) {
    if (ownHeaders.has(name.toLowerCase())) continue;
    const value = headers[name]!;
    if (typeof value !== 'object') head += line(name, String(value));
    else for (const one of value) head += line(name, one);
  }
  if (!toHead && isStream(reply.body) && headers['content-length'] === undefined)
    head += 'transfer-encoding: chunked\r\n';
  if (closing) head += 'connection: close\r\n';
  return headers['date'] === undefined ? `${head}date: ${date}\r\n\r\n` : `${head}\r\n`;
}

/** Headers of the connection, which are the server's to say. */
const ownHeaders = new Set(['connection', 'transfer-encoding', 'keep-alive']);

function line(name: string, value: string): string {
  if (!nameForm.test(name) || unfit.test(value)) throw new TypeError(`the reply's header ${name} cannot be sent`);
  return `${name}: ${value}\r\n`;
}

/** A reply in one piece. A caller that asked for the head alone gets no body. */
export function wholeReply(head: string, body: Uint8Array | string | undefined, headOnly: boolean): Buffer {
  if (headOnly || body === undefined || body.length === 0) return Buffer.from(head, 'latin1');
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  const whole = Buffer.allocUnsafe(head.length + length);
  whole.write(head, 'latin1');
  if (typeof body === 'string') whole.write(body, head.length);
  else whole.set(body, head.length);
  return whole;
}

/** Whether a body is better sent after its head than copied behind it. */
export function isLarge(body: Uint8Array | string | undefined): body is Uint8Array {
  return typeof body === 'object' && body.length > mostCopied;
}
