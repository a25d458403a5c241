import { fault } from '#kit/errors/fault.ts';

export type PemBlock = { type: string; der: Buffer };

const block = /-----BEGIN ([A-Z0-9][A-Z0-9 ]*)-----([^-]*)-----END \1-----/g;

/** The blocks of a PEM text in order; what stands between them (comments, blank lines) is left out. */
export function readPem(text: string): PemBlock[] {
  return [...text.matchAll(block)].map(([, type, body]) => ({ type: type!, der: decode(type!, body!) }));
}

/** One block as text, lines of 64 characters, ending in a newline. */
export function writePem(type: string, der: Uint8Array): string {
  const lines = Buffer.from(der.buffer, der.byteOffset, der.byteLength)
    .toString('base64')
    .replace(/.{64}(?!$)/g, '$&\n');
  return `-----BEGIN ${type}-----\n${lines}\n-----END ${type}-----\n`;
}

function decode(type: string, body: string): Buffer {
  const digits = body.replace(/\s+/g, '');
  if (digits.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(digits))
    throw fault('bad-request', `PEM block ${type}: the body is not base64`);
  return Buffer.from(digits, 'base64');
}
