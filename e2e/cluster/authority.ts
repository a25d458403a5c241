import { createPrivateKey, generateKeyPairSync, type KeyObject, webcrypto } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const day = 24 * 60 * 60 * 1_000;

/** Whom a certificate names, in Kubernetes' reading: CN is the user, O its groups. */
export interface Subject {
  user: string;
  groups?: string[];
  /** DNS names and IP addresses of a server; none for a client. */
  hosts?: string[];
}

/** The paths of a certificate and its key, both PEM. */
export interface KeyPair {
  cert: string;
  key: string;
}

/** The cluster's certificate authority, its files in one folder. */
export interface Authority {
  /** The path of the authority's own certificate. */
  ca: string;
  pem: string;
  issue(name: string, subject: Subject): Promise<KeyPair>;
}

/** Makes a new authority whose certificates, good for ten years, are written into `folder`. */
export async function authority(folder: string): Promise<Authority> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const own = await newKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=outrigger-e2e',
    keys: own.keys,
    signingAlgorithm: algorithm,
    ...lifetime(),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature,
        true,
      ),
    ],
  });
  const pem = `${root.toString('pem')}\n`;
  const ca = await save(folder, 'ca.crt', pem);
  await save(folder, 'ca.key', own.pem);

  async function issue(name: string, { user, groups = [], hosts = [] }: Subject): Promise<KeyPair> {
    const leaf = await newKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      subject: [{ CN: [user] }, ...groups.map((group) => ({ O: [group] }))],
      issuer: root.subject,
      publicKey: leaf.keys.publicKey,
      signingKey: own.keys.privateKey,
      signingAlgorithm: algorithm,
      ...lifetime(),
      extensions: extensions(hosts),
    });
    return {
      cert: await save(folder, `${name}.crt`, `${certificate.toString('pem')}\n`),
      key: await save(folder, `${name}.key`, leaf.pem),
    };
  }

  return { ca, pem, issue };
}

/** Writes a new EC private key as PEM and returns its path. */
export async function privateKey(folder: string, name: string): Promise<string> {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return save(folder, name, key.export({ type: 'sec1', format: 'pem' }).toString());
}

function extensions(hosts: string[]): x509.Extension[] {
  const usage = [x509.ExtendedKeyUsage.clientAuth, ...(hosts.length ? [x509.ExtendedKeyUsage.serverAuth] : [])];
  const names = hosts.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value }));
  return [
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension(usage),
    ...(names.length ? [new x509.SubjectAlternativeNameExtension(names)] : []),
  ];
}

const lifetime = (): { notBefore: Date; notAfter: Date } => ({
  notBefore: new Date(Date.now() - day),
  notAfter: new Date(Date.now() + 3_650 * day),
});

async function newKeys(): Promise<{ keys: webcrypto.CryptoKeyPair; pem: string }> {
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  const key: KeyObject = createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
  return { keys, pem: key.export({ type: 'sec1', format: 'pem' }).toString() };
}

async function save(folder: string, name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text, { mode: 0o600 });
  return path;
}
