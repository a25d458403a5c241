/**
 * Certificates a second from a running sentry over gRPC: a caller per certificate (new connection, TLS handshake) and
 * calls on kept connections. Sentry is its own process, so its CPU time is its own; a run begins with as many
 * certificates unmeasured, as a server that signs a thousand a second has long been compiled.
 * Usage: node bench/sentry/serve.ts [certificates, default 8000] [callers, default 16]
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { connect } from '#kit/grpc/client.ts';
import { makeCsr } from '#kit/pki/csr.ts';
import { generateKey } from '#kit/pki/key.ts';
import { CA } from '#proto/dapr/proto/sentry/v1/sentry_pb.js';
import { type Figure, record } from '../figures.ts';
import { cpuMicroseconds } from '../sidecar/usage.ts';

const certificates = Number(process.argv[2] ?? 8_000);
const callers = Number(process.argv[3] ?? 16);
const folder = await mkdtemp(path.join(tmpdir(), 'bench-sentry-'));
const root = path.resolve(import.meta.dirname, '../..');
const argv = ['--healthz-port=0', '--metrics-port=0', '--port=0', '--listen-address=127.0.0.1'];
const sentry = spawn(path.join(root, 'bin/sentry'), [...argv, `--issuer-credentials=${folder}`]);

const port = await new Promise<number>((resolve, reject) => {
  sentry.stdout.on('data', (text: Buffer) => {
    const found = /gRPC server on port (\d+)/.exec(text.toString());
    if (found) resolve(Number(found[1]));
  });
  sentry.on('exit', (code) => reject(new Error(`sentry ended with ${code}`)));
});
const pem = await readFile(path.join(folder, 'ca.crt'), 'utf8');
const csr = Buffer.from(makeCsr(await generateKey('ed25519')));
const material = { ca: pem };
const open = () => connect({ target: `127.0.0.1:${port}`, tls: { material: () => material, verify: () => {} } });
const request = { id: 'shop', namespace: 'default', certificateSigningRequest: csr };

/** Has every caller take its turn until `count` certificates are there. */
async function load(count: number, caller: (more: () => boolean) => Promise<void>): Promise<void> {
  let left = count;
  await Promise.all(Array.from({ length: callers }, () => caller(() => left-- > 0)));
}

async function measure(name: string, caller: (more: () => boolean) => Promise<void>): Promise<Figure[]> {
  await load(certificates, caller);
  const [cpu, started] = [cpuMicroseconds(sentry.pid!), performance.now()];
  await load(certificates, caller);
  const used = (cpuMicroseconds(sentry.pid!) - cpu) / 1e6;
  const elapsed = (performance.now() - started) / 1_000;
  return [
    { name: `${name}, a core of sentry`, value: certificates / used, unit: '/s', limit: { atLeast: 1_000 } },
    { name: `${name}, on the clock`, value: certificates / elapsed, unit: '/s' },
  ];
}

const fresh = await measure('a new connection each', async (more) => {
  while (more()) {
    await using client = open();
    await client.unary(CA.method.signCertificate, request);
  }
});
const kept = await measure('kept connections', async (more) => {
  await using client = open();
  while (more()) await client.unary(CA.method.signCertificate, request);
});
process.stdout.write(await record('sentry', { certificates, callers }, [...fresh, ...kept]));
sentry.removeAllListeners('exit');
sentry.kill();
await rm(folder, { recursive: true });
