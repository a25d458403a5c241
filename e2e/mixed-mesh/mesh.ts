import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createGrpcServer } from '#kit/grpc/server.ts';
import { implement } from '#kit/grpc/service.ts';
import { StatusError } from '#kit/grpc/status.ts';
import { interopService } from '#kit/grpc/testing/interop-service.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { AppCallback } from '#proto/dapr/proto/runtime/v1/appcallback_pb.js';
import { eventually } from '../eventually.ts';
import { freePorts } from '../ports.ts';
import { start } from '../process.ts';

/** The app `shop`, beside one sidecar, and the apps `till` (HTTP) and `vault` (gRPC), beside the other kind. */
export type Mesh = AsyncDisposable & {
  /** Where the sidecar of `shop` serves its APIs: `127.0.0.1:<port>`. */
  http: string;
  grpc: string;
};

const at = '127.0.0.1';
const sentryProgram = path.resolve(import.meta.dirname, '../../bin/sentry');

/** Keeps `/secret` of the called apps from `shop`; all apps find each other in one SQLite file. */
const configuration = (names: string) => ({
  apiVersion: 'dapr.io/v1alpha1',
  kind: 'Configuration',
  metadata: { name: 'mesh' },
  spec: {
    nameResolution: { component: 'sqlite', version: 'v1', configuration: { connectionString: names } },
    tracing: { samplingRate: '1' },
    accessControl: {
      defaultAction: 'allow',
      trustDomain: 'public',
      policies: [
        {
          ...{ appId: 'shop', defaultAction: 'allow', trustDomain: 'public', namespace: 'default' },
          operations: [{ name: '/secret', httpVerb: ['*'], action: 'deny' }],
        },
      ],
    },
  },
});

/** Starts our sentry, the apps, and their sidecars, which are programs of those names. */
export async function startMesh(caller: string, callee: string): Promise<Mesh> {
  const stack = new AsyncDisposableStack();
  try {
    const folder = await mkdtemp(path.join(tmpdir(), 'mixed-mesh-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const config = path.join(folder, 'config.yaml');
    await writeFile(config, JSON.stringify(configuration(path.join(folder, 'names.db'))));
    const sentry = await startSentry(folder, stack);
    const sidecar = (program: string, appId: string, more: readonly string[]) =>
      startSidecar({ program, appId, folder, sentry, more: [`--config=${config}`, ...more], stack });
    await sidecar(callee, 'till', [`--app-port=${await startHttpApp(stack)}`]);
    await sidecar(callee, 'vault', [`--app-port=${await startGrpcApp(stack)}`, '--app-protocol=grpc']);
    const { http, grpc } = await sidecar(caller, 'shop', []);
    return { http: `${at}:${http}`, grpc: `${at}:${grpc}`, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (thrown) {
    await stack.disposeAsync();
    throw thrown;
  }
}

type Sentry = { port: number; anchors: string };

async function startSentry(folder: string, stack: AsyncDisposableStack): Promise<Sentry> {
  const credentials = path.join(folder, 'credentials');
  await mkdir(credentials);
  const [port, health] = (await freePorts(2)) as [number, number];
  const args = [
    ...[`--port=${port}`, `--healthz-port=${health}`, '--metrics-port=0', `--listen-address=${at}`],
    `--issuer-credentials=${credentials}`,
  ];
  const process = stack.use(start('sentry', sentryProgram, args, { log: path.join(folder, 'sentry.log') }));
  await healthy('sentry', `http://${at}:${health}/healthz`, process.alive);
  return { port, anchors: await readFile(path.join(credentials, 'ca.crt'), 'utf8') };
}

type SidecarStart = {
  program: string;
  appId: string;
  folder: string;
  sentry: Sentry;
  more: readonly string[];
  stack: AsyncDisposableStack;
};

async function startSidecar({ program, appId, folder, sentry, more, stack }: SidecarStart) {
  const [http, grpc, internal, metrics] = (await freePorts(4)) as [number, number, number, number];
  const args = [
    ...[`--app-id=${appId}`, `--dapr-http-port=${http}`, `--dapr-grpc-port=${grpc}`, `--metrics-port=${metrics}`],
    ...[`--dapr-internal-grpc-port=${internal}`, `--dapr-listen-addresses=${at}`],
    ...[`--sentry-address=${at}:${sentry.port}`, '--enable-mtls', '--control-plane-trust-domain=localhost'],
    ...more,
  ];
  const log = path.join(folder, `${appId}.log`);
  const env = { DAPR_TRUST_ANCHORS: sentry.anchors, NAMESPACE: 'default', DAPR_HOST_IP: at };
  const process = stack.use(start(appId, program, args, { env, log }));
  await healthy(appId, `http://${at}:${http}/v1.0/healthz`, process.alive).catch(async (thrown: Error) => {
    throw new Error(
      `${thrown.message}; the log of ${program} ends with:\n${(await readFile(log, 'utf8')).slice(-2_000)}`,
    );
  });
  return { http, grpc };
}

const healthy = (what: string, url: string, alive: () => boolean) =>
  eventually(`${what} to be healthy`, async () => ((await fetch(url)).ok ? true : undefined), { alive });

/** Answers what it got: the body, the request line and some headers; `/status/<n>` answers that status. */
async function startHttpApp(stack: AsyncDisposableStack): Promise<number> {
  const app = createServer((request, response) => {
    const [, status = '200'] = /^\/status\/(\d+)/.exec(request.url ?? '') ?? [];
    const told = ['x-own', 'traceparent', 'dapr-caller-app-id', 'connection'].map((name): [string, unknown] => [
      name,
      request.headers[name],
    ]);
    const head = { line: `${request.method} ${request.url}`, ...Object.fromEntries(told) };
    response.writeHead(Number(status), { 'x-head': JSON.stringify(head), 'content-type': 'application/octet-stream' });
    request.pipe(response);
  });
  await new Promise<void>((resolve) => app.listen(0, at, resolve));
  stack.defer(() => {
    app.closeAllConnections();
    app.close();
  });
  return (app.address() as AddressInfo).port;
}

/** Serves gRPC's interop service, and answers calls of `OnInvoke` with method and data; `fail` fails. */
async function startGrpcApp(stack: AsyncDisposableStack): Promise<number> {
  const callback = implement(AppCallback, {
    onInvoke({ method, data }) {
      if (method === 'fail') throw new StatusError(9, 'not yet');
      const value = Buffer.concat([Buffer.from(`${method} `), data?.value ?? Buffer.alloc(0)]);
      return { contentType: 'text/plain', data: { typeUrl: '', value } };
    },
  });
  const server = stack.use(
    await createGrpcServer({ services: [interopService(), callback], log: silentLogger, reflection: true }),
  );
  return server.listen(at, 0);
}
