/**
 * Certificates a second from a running sentry over gRPC: a caller per certificate (new connection, TLS handshake) and
 * calls on kept connections. Sentry is its own process, so its CPU time is its own.
 * Usage: node bench/sentry/serve.ts [seconds, default 5] [callers, default 16]
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { connect } from '#kit/grpc/client.ts';
import { makeCsr } from '#kit/pki/csr.ts';
import { generateKey } from '#kit/pki/key.ts';
import { CA } from '#proto/dapr/proto/sentry/v1/sentry_pb.js';

const seconds = Number(process.argv[2] ?? 5);
const callers = Number(process.argv[3] ?? 16);
const folder = await mkdtemp(path.join(tmpdir(), 'bench-sentry-'));
const root = path.resolve(import.meta.dirname, '../..');
const argv = ['--healthz-port=0', '--metrics-port=0', '--port=0', '--listen-address=127.0.0.1'];
const sentry = spawn(path.join(root, 'bin/sentry'), [...argv, `--issuer-credentials=${folder}`]);

/** CPU seconds of sentry so far (Linux counts hundredths). */
const cpuSeconds = async (): Promise<number> => {
  const fields = (await readFile(`/proc/${sentry.pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

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

async function measure(name: string, caller: (until: number) => Promise<number>): Promise<void> {
  await caller(performance.now() + 500);
  const [cpu, started] = [await cpuSeconds(), performance.now()];
  const until = started + seconds * 1000;
  const counts = await Promise.all(Array.from({ length: callers }, () => caller(until)));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const used = (await cpuSeconds()) - cpu;
  const elapsed = (performance.now() - started) / 1000;
  const line = `${(total / used).toFixed(0)} certificates/s of sentry's CPU, ${(total / elapsed).toFixed(0)}/s on the clock`;
  process.stdout.write(`${name.padEnd(34)} ${line}\n`);
}

process.stdout.write(`${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}, ${callers} callers\n`);
await measure('a new connection each', async (until) => {
  let count = 0;
  for (; performance.now() < until; count++) {
    await using client = open();
    await client.unary(CA.method.signCertificate, request);
  }
  return count;
});
await measure('kept connections', async (until) => {
  let count = 0;
  await using client = open();
  for (; performance.now() < until; count++) await client.unary(CA.method.signCertificate, request);
  return count;
});
sentry.removeAllListeners('exit');
sentry.kill();
await rm(folder, { recursive: true });
