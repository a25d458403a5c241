/**
 * Run as the image's snapshot is built (tools/snapshot), by nothing else: starts a sidecar, asks whether it is
 * healthy and stops it, so that what a start runs is compiled when a process starts from the snapshot. Nothing of it
 * stays: all state is the sidecar's own, and gone with it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runBinary } from '#kit/lifecycle/binary.ts';
import { systemClock } from '#kit/lifecycle/clock.ts';
import { runSidecar } from './app.ts';
import { configure } from './config.ts';
import { flags } from './flags.ts';

const manifests: Readonly<Record<string, string>> = {
  'store.yaml': `
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: store
scopes: [rehearsal]
spec:
  type: state.in-memory
  version: v1
  metadata:
  - name: note
    value: "quoted"
---
apiVersion: dapr.io/v1alpha1
kind: Resiliency
metadata: { name: resiliency }
spec: { policies: {}, targets: {} }
`,
  'config.yaml': `
kind: Configuration
metadata: { name: settings }
spec: { features: [] }
`,
};

/** Node gives this to programs, but not yet while a snapshot is built. */
class DisposableStack implements Pick<AsyncDisposableStack, 'use' | 'defer' | 'disposeAsync'> {
  #ends: (() => PromiseLike<void> | void)[] = [];
  use<T extends AsyncDisposable | Disposable | null | undefined>(one: T): T {
    this.defer(() => (one as AsyncDisposable | undefined)?.[Symbol.asyncDispose]());
    return one;
  }
  defer(end: () => PromiseLike<void> | void): void {
    this.#ends.push(end);
  }
  async disposeAsync(): Promise<void> {
    for (let end = this.#ends.pop(); end !== undefined; end = this.#ends.pop()) await end();
  }
}

/** Rejects where a sidecar does not start and stop well. */
export async function rehearse(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'outrigger-rehearsal-'));
  Object.assign(globalThis, { AsyncDisposableStack: DisposableStack });
  try {
    for (const [name, text] of Object.entries(manifests)) writeFileSync(path.join(folder, name), text);
    await startAndStop(folder);
  } finally {
    Reflect.deleteProperty(globalThis, 'AsyncDisposableStack');
    rmSync(folder, { recursive: true });
  }
}

async function startAndStop(folder: string): Promise<void> {
  const [http, grpc, internal] = [await freePort(), await freePort(), await freePort()];
  const words = {
    ...{ 'app-id': 'rehearsal', 'dapr-http-port': http, 'dapr-grpc-port': grpc, 'dapr-internal-grpc-port': internal },
    ...{ 'metrics-port': 0, 'metrics-listen-address': '127.0.0.1', 'dapr-listen-addresses': '127.0.0.1' },
    ...{ 'resources-path': folder, config: path.join(folder, 'config.yaml'), 'log-level': 'info' },
  };
  let said = '';
  const sink = { write: (text: string) => (said += text) };
  const told = new Map<string, () => void>();
  const ended = Promise.withResolvers<number>();
  void runBinary(
    {
      ...{ name: 'daprd', summary: '', version: '', flags, scope: 'dapr.runtime', configure, run: runSidecar },
      logging: ({ log, appId }) => ({ level: log.level, json: log.json, fields: { app_id: appId } }),
    },
    {
      argv: Object.entries(words).map(([name, value]) => `--${name}=${value}`),
      ...{ env: { DAPR_HOST_IP: '127.0.0.1' }, stdout: sink, stderr: sink, exit: ended.resolve },
      on: (event, listener) => told.set(event, listener),
    },
  );
  const failed = ended.promise.then(() => Promise.reject(new Error(`the rehearsal ended early:\n${said}`)));
  await Promise.race([untilHealthy(http), failed]);
  failed.catch(() => {});
  told.get('SIGTERM')!();
  if ((await ended.promise) !== 0) throw new Error(`the rehearsal failed:\n${said}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilHealthy(port: number): Promise<void> {
  while (!(await isHealthy(port))) await systemClock.pause(20);
}

function isHealthy(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write('GET /v1.0/healthz/outbound HTTP/1.1\r\nhost: localhost\r\n\r\n'),
    );
    socket.on('data', (answer) => {
      resolve(answer.includes(' 204 '));
      socket.destroy();
    });
    socket.on('error', () => resolve(false));
  });
}
