import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { fault, toFault } from '#kit/errors/fault.ts';
import { derBitString, derContext, derSequence, derUnsigned } from './der.ts';
import { type DerNode, readDerBits, readDerChildren, readDerOid, readDerSequence } from './der-reader.ts';
import { signatureAlgorithm, signatureHash, signDer } from './key.ts';
import { readPem, writePem } from './pem.ts';

/** Longest PEM that is looked at; an RSA-8192 request has some 2.5 KB. */
const maxPemLength = 32_768;

/**
 * A PKCS#10 request in PEM that proves possession of the key and asks for nothing: the authority names the holder
 * from what it attests.
 */
export function makeCsr(privateKey: KeyObject): string {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const algorithm = signatureAlgorithm(privateKey);
  const info = derSequence(derUnsigned(Buffer.from([0])), derSequence(), spki, derContext(0));
  const request = derSequence(info, algorithm.der, derBitString(signDer(info, privateKey, algorithm)));
  return writePem('CERTIFICATE REQUEST', request);
}

export type Csr = {
  publicKey: KeyObject;
  /** SubjectPublicKeyInfo, in its one DER encoding. */
  spki: Buffer;
};

/**
 * Reads an untrusted request: one PEM block `CERTIFICATE REQUEST` (or `CERTIFICATE`, as daprd before 1.12 called it)
 * whose signature proves the key. Only the key is taken from it; names and attributes are ignored.
 * Throws `bad-request`: messages begin as Dapr's do.
 */
export function readCsr(pem: string): Csr {
  if (pem.length > maxPemLength) throw invalid(`more than ${maxPemLength} characters`);
  const [block] = attempt('PEM', () => readPem(pem));
  if (!block) throw invalid('no PEM block in it');
  if (block.type !== 'CERTIFICATE REQUEST' && block.type !== 'CERTIFICATE')
    throw invalid(`expected a PEM block CERTIFICATE REQUEST, got ${block.type}`);
  const { info, hash, signature, csr } = attempt('PKCS#10', () => parse(block.der));
  if (!verify(hash, info, csr.publicKey, signature))
    throw fault('bad-request', 'invalid signature: the certificate signing request is not signed by the key in it');
  return csr;
}

function parse(der: Buffer): { info: Buffer; hash: string | null; signature: Buffer; csr: Csr } {
  const [info, algorithm, bits, ...rest] = readDerSequence(der);
  if (!info || !algorithm || !bits || rest.length > 0) throw fault('bad-request', 'expected three elements');
  if (info.tag !== 0x30 || algorithm.tag !== 0x30)
    throw fault('bad-request', 'expected two sequences and a bit string');
  const parts = readDerChildren(info);
  const publicKey = readPublicKey(parts);
  const hash = signatureHash(publicKey, readDerOid(readDerChildren(algorithm)[0]));
  const spki = hasOneForm(parts[2]!.raw) ? parts[2]!.raw : publicKey.export({ type: 'spki', format: 'der' });
  return { info: info.raw, hash, signature: readDerBits(bits), csr: { publicKey, spki } };
}

/** What a key of that type and curve begins with, up to its point, and its length: such a key can be written in one way only. */
const oneForm = [
  { start: Buffer.from('302a300506032b6570032100', 'hex'), length: 44 },
  { start: Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex'), length: 91 },
];

/** Whether a key is Ed25519's or P-256's in its usual form: encoding it anew would take a fifth of the time of an issue. */
const hasOneForm = (spki: Buffer): boolean =>
  oneForm.some(({ start, length }) => spki.length === length && spki.subarray(0, start.length).equals(start));

/** CertificationRequestInfo is version, subject, SubjectPublicKeyInfo, `[0]` attributes. */
function readPublicKey([version, subject, spki, attributes]: DerNode[]): KeyObject {
  const shape = [version?.tag, subject?.tag, spki?.tag, attributes?.tag ?? 0xa0];
  if (shape.join() !== '2,48,48,160') throw fault('bad-request', 'not a certification request');
  try {
    return createPublicKey({ key: spki!.raw, type: 'spki', format: 'der' });
  } catch (cause) {
    throw fault('bad-request', 'its public key cannot be read', { cause });
  }
}

const invalid = (why: string) => fault('bad-request', `invalid certificate signing request: ${why}`);

function attempt<T>(part: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    throw fault('bad-request', `invalid certificate signing request: ${part}: ${toFault(thrown).message}`, {
      cause: thrown,
    });
  }
}
