import { fileKeyOf, fileKeySize, segmentSize, tagSize } from './file-key.ts';
import { type Manifest, readManifest, schemeName } from './manifest.ts';
import { inSegments } from './segments.ts';

export type Decryption = {
  /** The key that unwraps, where it is not the one that the document names. */
  keyName: string;
  /** Unwraps the key of the document by a key of a vault. */
  unwrap(keyName: string, manifest: Manifest): Promise<Uint8Array>;
};

/** What a document of `dapr.io/enc/v1` holds. Nothing is given out that was not authenticated. */
export async function* decrypt(
  document: AsyncIterable<Uint8Array>,
  { keyName, unwrap }: Decryption,
): AsyncGenerator<Buffer> {
  const source = document[Symbol.asyncIterator]();
  const { lines, manifest, mac, rest } = await readHeader(source);
  const name = keyName || manifest.keyName;
  if (name === '') throw new Error("document's manifest does not contain a key name, and no key name was provided");
  const fileKey = fileKeyOf(await orWrong(() => unwrap(name, manifest)), manifest.noncePrefix, manifest.cipher);
  if (!fileKey.isMac(lines, mac)) throw new Error("failed to validate the document's signature");
  let index = 0;
  for await (const { bytes, last } of inSegments(following(rest, source), segmentSize + tagSize)) {
    yield open(() => fileKey.open(bytes, index, last), index);
    index++;
  }
}

/** A wrong key, as the code will not fit, where there is none: a caller cannot tell a missing key from a wrong one. */
async function orWrong(unwrap: () => Promise<Uint8Array>): Promise<Uint8Array> {
  const key = await unwrap().catch(() => undefined);
  return key?.length === fileKeySize ? key : new Uint8Array(fileKeySize);
}

function open(segment: () => Buffer, index: number): Buffer {
  try {
    return segment();
  } catch (cause) {
    throw new Error(`error processing segment ${index}: failed to decrypt segment`, { cause });
  }
}

const newline = 0x0a;

type Header = { lines: Buffer; manifest: Manifest; mac: Buffer; rest: Buffer };

async function readHeader(source: AsyncIterator<Uint8Array>): Promise<Header> {
  let held = Buffer.alloc(0);
  const ends: number[] = [];
  for (let seen = 0; ends.length < 3; ) {
    const next = await source.next();
    if (next.done) throw refused(missing[ends.length]!);
    held = Buffer.concat([held, next.value]);
    for (; seen < held.length && ends.length < 3; seen++) if (held[seen] === newline) ends.push(seen);
    const [first = held.length] = ends;
    if (!schemeName.startsWith(held.toString('latin1', 0, Math.min(first, schemeName.length)))) throw unsupported();
    if (first > schemeName.length) throw unsupported();
    if (ends.length < 3 && held.length > segmentSize) throw refused('invalid format');
  }
  const [first, second, third] = ends as [number, number, number];
  if (held.toString('latin1', 0, first) !== schemeName) throw unsupported();
  const manifest = readManifest(held.toString('utf8', first + 1, second));
  if (manifest === undefined) throw refused('invalid manifest');
  return {
    lines: held.subarray(0, second + 1),
    manifest,
    mac: held.subarray(second + 1, third),
    rest: held.subarray(third + 1),
  };
}

const missing = ['scheme name not found', 'manifest not found', 'message authentication code not found'];
const refused = (why: string) => new Error(`invalid header: ${why}`);
const unsupported = () => refused('unsupported scheme');

async function* following(first: Buffer, source: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first;
  for (let next = await source.next(); !next.done; next = await source.next()) yield next.value;
}
