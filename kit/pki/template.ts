import { createHash, type KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import {
  derBitString,
  derContext,
  derContextPrimitive,
  derElement,
  derOctetString,
  derOid,
  derSequence,
  derSet,
  derTime,
  derTrue,
  derUnsigned,
  derUtf8String,
} from './der.ts';
import { readDerBits, readDerSequence } from './der-reader.ts';
import { type SignatureAlgorithm, signDer } from './key.ts';

/** The parts of a certificate that vary between the ones we sign; all but the dates are DER. */
export type Template = {
  issuer: Uint8Array;
  subject: Uint8Array;
  spki: Uint8Array;
  notBefore: Date;
  notAfter: Date;
  extensions: readonly Uint8Array[];
};

export type Signing = { key: KeyObject; algorithm: SignatureAlgorithm };

const version3 = derContext(0, derUnsigned(Buffer.from([2])));

/** Encodes and signs a certificate with a fresh serial number of 128 random bits; answers its DER. */
export function signTemplate(template: Template, { key, algorithm }: Signing): Buffer {
  const tbs = derSequence(
    version3,
    derUnsigned(randomBytes(16)),
    algorithm.der,
    template.issuer,
    derSequence(derTime(template.notBefore), derTime(template.notAfter)),
    template.subject,
    template.spki,
    derContext(3, derSequence(...template.extensions)),
  );
  return derSequence(tbs, algorithm.der, derBitString(signDer(tbs, key, algorithm)));
}

/** A name with an organization alone, or the empty name. */
export const organizationName = (organization?: string): Buffer =>
  organization === undefined
    ? derSequence()
    : derSequence(derSet(derSequence(derOid('2.5.4.10'), derUtf8String(organization))));

function extension(oid: string, critical: boolean, value: Uint8Array): Buffer {
  return critical
    ? derSequence(derOid(oid), derTrue, derOctetString(value))
    : derSequence(derOid(oid), derOctetString(value));
}

/** Bits of KeyUsage, RFC 5280 §4.2.1.3, first bit first. */
const keyUsage = (byte: number, unusedBits: number) =>
  extension('2.5.29.15', true, derBitString(Buffer.from([byte]), unusedBits));

export const leafKeyUsage: Buffer = keyUsage(0x80, 7);
export const rootKeyUsage: Buffer = keyUsage(0x84, 2);
export const issuerKeyUsage: Buffer = keyUsage(0x86, 1);

export const serverAndClientAuth: Buffer = extension(
  '2.5.29.37',
  false,
  derSequence(derOid('1.3.6.1.5.5.7.3.1'), derOid('1.3.6.1.5.5.7.3.2')),
);

export const caConstraints: Buffer = extension('2.5.29.19', true, derSequence(derTrue));

/** Critical, since the subject of these certificates is empty (RFC 5280 §4.2.1.6). */
export function altNames(uri: string, dnsNames: readonly string[]): Buffer {
  const names = [
    ...dnsNames.map((name) => derContextPrimitive(2, Buffer.from(name))),
    derContextPrimitive(6, Buffer.from(uri)),
  ];
  return extension('2.5.29.17', true, derSequence(...names));
}

export const subjectKeyId = (id: Uint8Array): Buffer => extension('2.5.29.14', false, derOctetString(id));
export const authorityKeyId = (id: Uint8Array): Buffer =>
  extension('2.5.29.35', false, derSequence(derContextPrimitive(0, id)));

/** An extension of ours or Dapr's own whose value is an octet string. */
export const octetsExtension = (oid: string, value: Uint8Array): Buffer =>
  extension(oid, false, derElement(0x04, value));

/** Key identifier of a public key: the first 160 bits of the SHA-256 of its bits (RFC 7093 §2). */
export function keyIdentifier(spki: Buffer): Buffer {
  return createHash('sha256')
    .update(readDerBits(readDerSequence(spki)[1]))
    .digest()
    .subarray(0, 20);
}

/** A signed certificate as node:crypto reads it. */
export const toCertificate = (der: Buffer): X509Certificate => new X509Certificate(der);
