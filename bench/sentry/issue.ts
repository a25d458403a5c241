/**
 * How many certificates a second one core checks and signs, by key type: request parsed and verified, leaf encoded and
 * signed by an Ed25519 issuer.
 * Usage: node bench/sentry/issue.ts [seconds per key type, default 3]
 */
import { cpus } from 'node:os';
import process from 'node:process';
import { makeIssuer, makeRoot } from '#kit/pki/authority.ts';
import { makeCsr, readCsr } from '#kit/pki/csr.ts';
import { issueLeaf, leafSigner } from '#kit/pki/issue.ts';
import { generateKey, type KeyType } from '#kit/pki/key.ts';

const seconds = Number(process.argv[2] ?? 3);
const now = new Date();
const yearMs = 365 * 86_400_000;
const times = { now, ttlMs: yearMs, skewMs: 900_000 };
const root = await makeRoot('cluster.local', times);
const issuer = await makeIssuer(root, 'spiffe://cluster.local/ns/dapr-system/dapr-sentry', times);
const signer = leafSigner(issuer.certificate, issuer.key, issuer.certificate.validToDate);
const identity = { id: { trustDomain: 'public', namespace: 'default', appId: 'shop' } };

process.stdout.write(`${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}, one core\n`);
for (const type of ['ed25519', 'p256', 'rsa'] satisfies KeyType[]) {
  const csr = makeCsr(await generateKey(type));
  const one = () => issueLeaf(readCsr(csr), identity, { now, ttlMs: 86_400_000, skewMs: 900_000 }, signer);
  for (let i = 0; i < 200; i++) one();
  const started = process.cpuUsage();
  const end = performance.now() + seconds * 1000;
  let count = 0;
  for (; performance.now() < end; count++) one();
  const used = process.cpuUsage(started);
  const cpuSeconds = (used.user + used.system) / 1e6;
  process.stdout.write(`${type.padEnd(8)} ${Math.round(count / cpuSeconds)} certificates/s of CPU\n`);
}
