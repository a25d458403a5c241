import { newFileKey, type PayloadCipher, segmentSize } from './file-key.ts';
import { schemeName, type WrapAlgorithm, writeManifest } from './manifest.ts';
import { inSegments } from './segments.ts';

export type Encryption = {
  /** Wraps the key of the document by the key of a vault. */
  wrap(fileKey: Uint8Array): Promise<Uint8Array>;
  algorithm: WrapAlgorithm;
  cipher: PayloadCipher;
  /** The key that decrypts, as the document names it; empty: it does not say. */
  keyName: string;
};

/**
 * A document of the scheme `dapr.io/enc/v1`: three lines of text (name, manifest, authentication code), then the
 * segments. Source: github.com/dapr/kit, schemes/enc/v1.
 */
export async function* encrypt(
  plaintext: AsyncIterable<Uint8Array>,
  { wrap, algorithm, cipher, keyName }: Encryption,
): AsyncGenerator<Buffer> {
  const fileKey = newFileKey(cipher);
  const wrappedKey = await wrap(fileKey.key);
  const { noncePrefix } = fileKey;
  const lines = `${schemeName}\n${writeManifest({ keyName, algorithm, wrappedKey, cipher, noncePrefix })}\n`;
  const header = Buffer.from(`${lines}${fileKey.mac(lines)}\n`);
  if (header.length > segmentSize) throw new Error('header is too long');
  yield header;
  let index = 0;
  for await (const { bytes, last } of inSegments(plaintext, segmentSize)) yield fileKey.seal(bytes, index++, last);
}
