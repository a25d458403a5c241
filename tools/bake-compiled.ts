import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { freePorts } from '#e2e/ports.ts';
import { imageEnvironment } from './image-environment.ts';

const store = `apiVersion: dapr.io/v1alpha1
kind: Component
metadata: { name: store }
spec: { type: state.in-memory, version: v1, metadata: [] }
`;

/**
 * Runs a bundle once, under the flags of its image, so that its compiled code lies in `<bundle>/compiled`; Node reads
 * it from there (bin/compile-cache.cjs) whenever the bundle starts, whoever starts it.
 */
export async function bakeCompiled(bundle: string, name: string): Promise<void> {
  const compiled = path.join(bundle, 'compiled');
  mkdirSync(compiled);
  const start = path.join(bundle, 'start.cjs');
  await (name === 'daprd' ? serveOnce(start) : run(start, ['--version']).ended);
  // Node writes them for itself alone; images run as another user.
  for (const entry of readdirSync(compiled, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) chmodSync(path.join(entry.parentPath, entry.name), 0o644);
  }
}

/** Has the sidecar come up, answer, and end: what that runs is what is compiled. */
async function serveOnce(start: string): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'outrigger-bake-'));
  writeFileSync(path.join(folder, 'store.yaml'), store);
  const names = ['dapr-http-port', 'dapr-grpc-port', 'dapr-internal-grpc-port', 'metrics-port', 'profile-port'];
  const ports = await freePorts(names.length);
  const flags = ['app-id=bake', 'dapr-listen-addresses=127.0.0.1', `resources-path=${folder}`, 'log-level=error'];
  const all = [...flags, ...names.map((name, i) => `${name}=${ports[i]}`)];
  const sidecar = run(
    start,
    all.map((flag) => `--${flag}`),
  );
  try {
    await Promise.race([answers(`http://127.0.0.1:${ports[0]}/v1.0/healthz/outbound`), sidecar.ended]);
  } finally {
    sidecar.stop();
    await sidecar.ended;
    rmSync(folder, { recursive: true });
  }
}

async function answers(url: string): Promise<void> {
  while ((await fetch(url).catch(() => undefined))?.status !== 204) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function run(start: string, args: readonly string[]) {
  const env = { ...process.env, ...imageEnvironment() };
  const child = spawn(process.execPath, [start, ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'exit').then(([code]) => {
    if (code !== 0) throw new Error(`bundle: ${start} ended with exit code ${code}`);
  });
  return { ended, stop: () => child.kill('SIGTERM') };
}
