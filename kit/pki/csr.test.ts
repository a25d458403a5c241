import 'reflect-metadata';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { Pkcs10CertificateRequest, Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import fc from 'fast-check';
import { Fault } from '#kit/errors/fault.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { makeCsr, readCsr } from './csr.ts';
import { generateKey, type KeyType } from './key.ts';
import { readPem, writePem } from './pem.ts';

const spkiOf = (key: KeyObject) => createPublicKey(key).export({ type: 'spki', format: 'der' });
const keys = Object.fromEntries(
  await Promise.all((['ed25519', 'p256', 'rsa'] as const).map(async (type) => [type, await generateKey(type)])),
) as Record<KeyType, KeyObject>;
const ed25519Csr = makeCsr(keys.ed25519);

/** The reader's answer, or the fault it threw; anything else it throws fails the test. */
function outcome(pem: string): Buffer | Fault {
  try {
    return readCsr(pem).spki;
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown;
    throw thrown;
  }
}

describe('makeCsr', () => {
  it.each(Object.entries(keys))(
    'makes a request for %s keys that another implementation accepts',
    async (_type, key) => {
      const request = new Pkcs10CertificateRequest(makeCsr(key));
      expect(await request.verify()).toBe(true);
      expect(Buffer.from(request.publicKey.rawData)).toEqual(spkiOf(key));
    },
  );
});

describe('readCsr', () => {
  it.each(Object.entries(keys))('takes the key from a request for %s', (_type, key) => {
    expect(readCsr(makeCsr(key)).spki).toEqual(spkiOf(key));
  });

  it('accepts a foreign request with names and attributes, ignoring them', async () => {
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    const request = await Pkcs10CertificateRequestGenerator.create({
      name: 'CN=intruder',
      keys: pair,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-384' },
    });
    expect(readCsr(request.toString('pem')).spki).toEqual(Buffer.from(request.publicKey.rawData));
  });

  it('accepts the PEM type which daprd used before 1.12', () => {
    const [block] = readPem(ed25519Csr);
    expect(readCsr(writePem('CERTIFICATE', block!.der)).spki).toEqual(spkiOf(keys.ed25519));
  });

  it.each([
    ['no PEM', 'hello', 'no PEM block'],
    ['another PEM type', writePem('PRIVATE KEY', Buffer.from('junk')), 'got PRIVATE KEY'],
    ['junk inside', writePem('CERTIFICATE REQUEST', Buffer.from('junk')), 'malformed DER'],
    ['text that is too long', 'x'.repeat(40_000), 'more than 32768 characters'],
  ])('refuses %s', (_name, pem, reason) => {
    expect(() => readCsr(pem)).toThrow(/^invalid certificate signing request/);
    expect(() => readCsr(pem)).toThrow(reason);
  });

  it('refuses a small RSA key', () => {
    const small = 'RSA keys must have 2048 to 8192 bits';
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    expect(() => makeCsr(privateKey)).toThrow(small);
  });

  it('never accepts a request with any byte changed', () => {
    const der = readPem(ed25519Csr)[0]!.der;
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(der);
        changed[at]! ^= flip;
        expect(outcome(writePem('CERTIFICATE REQUEST', changed))).toBeInstanceOf(Fault);
      }),
    );
  });

  it('answers any bytes and any text with a fault, never another error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(outcome(writePem('CERTIFICATE REQUEST', bytes))).toBeInstanceOf(Fault);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect(outcome(`-----BEGIN CERTIFICATE REQUEST-----${text}-----END CERTIFICATE REQUEST-----`)).toBeInstanceOf(
          Fault,
        );
      }),
    );
  });

  it('answers a cut or stretched request with a fault', () => {
    const der = readPem(ed25519Csr)[0]!.der;
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.uint8Array({ minLength: 1, maxLength: 8 }), (length, tail) => {
        expect(outcome(writePem('CERTIFICATE REQUEST', der.subarray(0, length)))).toBeInstanceOf(Fault);
        expect(outcome(writePem('CERTIFICATE REQUEST', Buffer.concat([der, tail])))).toBeInstanceOf(Fault);
      }),
    );
  });
});
