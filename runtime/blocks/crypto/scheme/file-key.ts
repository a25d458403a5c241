import {
  type CipherGCM,
  createCipheriv,
  createDecipheriv,
  createHmac,
  type DecipherGCM,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

/** Ciphers of the payload, by their names in requests. */
export const payloadCiphers = ['AES-GCM', 'CHACHA20-POLY1305'] as const;
/** A cipher of payloads, as the manifest numbers them. */
export type PayloadCipher = (typeof payloadCiphers)[number];

/** Bytes of plaintext in every segment but the last. */
export const segmentSize = 64 * 1024;
/** Bytes that the tag adds to a segment. */
export const tagSize = 16;
/** Bytes of a file key. */
export const fileKeySize = 32;
/** Bytes of a nonce that all segments of a document share. */
export const noncePrefixSize = 7;
const lastSegment = 2 ** 32 - 1;

/** The key of one document and what is derived from it. */
export type FileKey = {
  readonly key: Uint8Array;
  readonly noncePrefix: Uint8Array;
  /** The authentication code of the header's first two lines, newlines included, in base64. */
  mac(lines: string | Uint8Array): string;
  isMac(lines: string | Uint8Array, mac: Uint8Array): boolean;
  /** Encrypts a segment and puts its tag behind it. */
  seal(segment: Uint8Array, index: number, last: boolean): Buffer;
  /** Throws where the segment is not what was sealed at that place. */
  open(segment: Uint8Array, index: number, last: boolean): Buffer;
};

/** A fresh key. */
export const newFileKey = (cipher: PayloadCipher): FileKey =>
  fileKeyOf(randomBytes(fileKeySize), randomBytes(noncePrefixSize), cipher);

/** Derives what a document needs from its key: HKDF-SHA-256 for the header's code and for the payload's key. */
export function fileKeyOf(key: Uint8Array, noncePrefix: Uint8Array, cipher: PayloadCipher): FileKey {
  const derive = (salt: Uint8Array, info: string) => Buffer.from(hkdfSync('sha256', key, salt, info, 32));
  const headerKey = derive(new Uint8Array(), 'header');
  const payloadKey = derive(noncePrefix, 'payload');
  const algorithm = cipher === 'AES-GCM' ? 'aes-256-gcm' : 'chacha20-poly1305';
  const options = { authTagLength: tagSize };
  const mac = (lines: string | Uint8Array) => createHmac('sha256', headerKey).update(lines).digest('base64');
  const nonceOf = (index: number, last: boolean) => nonce(noncePrefix, index, last);
  return {
    key,
    noncePrefix,
    mac,
    isMac(lines, given) {
      const right = Buffer.from(mac(lines));
      return right.length === given.length && timingSafeEqual(right, given);
    },
    seal(segment, index, last) {
      const sealing = createCipheriv(algorithm, payloadKey, nonceOf(index, last), options as object) as CipherGCM;
      const body = sealing.update(segment);
      sealing.final();
      return Buffer.concat([body, sealing.getAuthTag()]);
    },
    open(segment, index, last) {
      const opening = createDecipheriv(algorithm, payloadKey, nonceOf(index, last), options as object) as DecipherGCM;
      opening.setAuthTag(segment.subarray(segment.length - tagSize));
      const body = opening.update(segment.subarray(0, segment.length - tagSize));
      opening.final();
      return body;
    },
  };
}

/** Prefix, place and whether it is the last: no segment can be moved, left out or added. */
function nonce(prefix: Uint8Array, index: number, last: boolean): Buffer {
  if (index > lastSegment) throw new Error('the document is too large');
  const bytes = Buffer.alloc(noncePrefixSize + 5);
  bytes.set(prefix);
  bytes.writeUInt32BE(index, noncePrefixSize);
  bytes[noncePrefixSize + 4] = last ? 1 : 0;
  return bytes;
}
