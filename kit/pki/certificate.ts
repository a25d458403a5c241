import { X509Certificate } from 'node:crypto';
import { fault } from '#kit/errors/fault.ts';
import { type DerNode, readDer, readDerChildren, readDerOid, readDerSequence } from './der-reader.ts';
import { readPem, writePem } from './pem.ts';

/** What a certificate's extensions say, as far as identities need it. */
export type CertificateFacts = {
  /** Subject, as encoded. */
  subject: Buffer;
  uris: readonly string[];
  dnsNames: readonly string[];
  isCa: boolean;
  certSign: boolean;
  crlSign: boolean;
  subjectKeyId: Buffer | undefined;
  notBefore: Date;
  notAfter: Date;
};

const oid = { subjectKeyId: '2.5.29.14', keyUsage: '2.5.29.15', altName: '2.5.29.17', constraints: '2.5.29.19' };

/** The certificates of a PEM text, in order. Throws `bad-request` naming the block that is not one. */
export function readCertificates(pem: string): X509Certificate[] {
  return readPem(pem).map((block, i) => {
    if (block.type !== 'CERTIFICATE')
      throw fault('bad-request', `PEM block ${i + 1} is ${block.type}, expected CERTIFICATE`);
    try {
      return new X509Certificate(block.der);
    } catch (cause) {
      throw fault('bad-request', `PEM block ${i + 1} is not an X.509 certificate`, { cause });
    }
  });
}

/** PEM of certificates, without anything between the blocks. */
export const certificatesPem = (certificates: readonly X509Certificate[]): string =>
  certificates.map((certificate) => writePem('CERTIFICATE', certificate.raw)).join('');

/** Reads the extensions from the encoding itself, whose text form in node:crypto would need unescaping. */
export function certificateFacts(certificate: X509Certificate): CertificateFacts {
  const fields = readDerChildren(readDerSequence(certificate.raw)[0]!);
  const subject = fields[fields[0]?.tag === 0xa0 ? 5 : 4];
  const extensions = readExtensions(fields.find((field) => field.tag === 0xa3));
  const usage = extensions.get(oid.keyUsage)?.content ?? Buffer.alloc(0);
  const constraints = extensions.get(oid.constraints);
  const names = extensions.get(oid.altName);
  const texts = (tag: number) =>
    (names ? readDerChildren(names) : []).filter((name) => name.tag === tag).map((name) => name.content.toString());
  return {
    subject: subject?.raw ?? Buffer.alloc(0),
    uris: texts(0x86),
    dnsNames: texts(0x82),
    isCa: constraints !== undefined && readDerChildren(constraints)[0]?.tag === 0x01,
    certSign: ((usage[1] ?? 0) & 0x04) !== 0,
    crlSign: ((usage[1] ?? 0) & 0x02) !== 0,
    subjectKeyId: extensions.get(oid.subjectKeyId)?.content,
    notBefore: certificate.validFromDate,
    notAfter: certificate.validToDate,
  };
}

/** Extension values by OID: each is a sequence of OID, an optional critical flag and an octet string of DER. */
function readExtensions(list: DerNode | undefined): Map<string, DerNode> {
  if (!list) return new Map();
  return new Map(
    readDerSequence(list.content).map((extension) => {
      const parts = readDerChildren(extension);
      return [readDerOid(parts[0]), readDer(parts.at(-1)!.content)];
    }),
  );
}
