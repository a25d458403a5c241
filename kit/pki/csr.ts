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
  /** SubjectPublicKeyInfo, encoded anew by node:crypto. */
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
  const publicKey = readPublicKey(readDerChildren(info));
  const hash = signatureHash(publicKey, readDerOid(readDerChildren(algorithm)[0]));
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return { info: info.raw, hash, signature: readDerBits(bits), csr: { publicKey, spki } };
}

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
