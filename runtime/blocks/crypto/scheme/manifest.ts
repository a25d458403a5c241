import { noncePrefixSize, type PayloadCipher, payloadCiphers } from './file-key.ts';

/** The first line of every document of the scheme. */
export const schemeName = 'dapr.io/enc/v1';

/** How file keys are wrapped, by the names of requests; the place in the list, from 1, is the number in documents. */
const wrapAlgorithms = ['A256KW', 'A128CBC-NOPAD', 'A192CBC-NOPAD', 'A256CBC-NOPAD', 'RSA-OAEP-256'] as const;
export type WrapAlgorithm = (typeof wrapAlgorithms)[number];

const shortNames: Readonly<Record<string, WrapAlgorithm>> = { AES: 'A256KW', RSA: 'RSA-OAEP-256' };

/** The algorithm a request names, in any case, or by `AES` or `RSA`; undefined for others. */
export function wrapAlgorithmOf(name: string): WrapAlgorithm | undefined {
  const upper = name.toUpperCase();
  return shortNames[upper] ?? wrapAlgorithms.find((one) => one === upper);
}

/** The cipher a request names, in any case; none is AES-GCM. */
export function payloadCipherOf(name: string): PayloadCipher | undefined {
  return name === '' ? 'AES-GCM' : payloadCiphers.find((one) => one === name.toUpperCase());
}

/** The second line of a document. */
export type Manifest = {
  /** Name of the key that unwraps; empty where the document does not say. */
  keyName: string;
  algorithm: WrapAlgorithm;
  wrappedKey: Uint8Array;
  cipher: PayloadCipher;
  noncePrefix: Uint8Array;
};

/** The second line of a document, in the order of fields that Dapr writes. */
export function writeManifest({ keyName, algorithm, wrappedKey, cipher, noncePrefix }: Manifest): string {
  return JSON.stringify({
    ...(keyName !== '' && { k: keyName }),
    kw: wrapAlgorithms.indexOf(algorithm) + 1,
    wfk: Buffer.from(wrappedKey).toString('base64'),
    cph: payloadCiphers.indexOf(cipher) + 1,
    np: Buffer.from(noncePrefix).toString('base64'),
  });
}

/** Undefined for what is no manifest of this version. */
export function readManifest(text: string): Manifest | undefined {
  let read: Record<string, unknown>;
  try {
    read = Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const algorithm = numberedIn(wrapAlgorithms, read['kw']);
  const cipher = numberedIn(payloadCiphers, read['cph']);
  const wrappedKey = bytesOf(read['wfk']);
  const noncePrefix = bytesOf(read['np']);
  const keyName = read['k'] ?? '';
  if (algorithm === undefined || cipher === undefined || typeof keyName !== 'string') return undefined;
  if (wrappedKey.length === 0 || noncePrefix.length !== noncePrefixSize) return undefined;
  return { keyName, algorithm, wrappedKey, cipher, noncePrefix };
}

const numberedIn = <T>(list: readonly T[], number: unknown): T | undefined =>
  typeof number === 'number' ? list[number - 1] : undefined;

const bytesOf = (value: unknown): Buffer => Buffer.from(typeof value === 'string' ? value : '', 'base64');
