import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeIssuer, makeRoot } from '#kit/pki/authority.ts';
import { certificatesPem } from '#kit/pki/certificate.ts';
import { privateKeyPem } from '#kit/pki/key.ts';
import { steadyLoad } from '#kit/testing/steady-load.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { eventually } from './eventually.ts';
import { httpGet } from './http-get.ts';
import { freePorts } from './ports.ts';
import { start } from './process.ts';

const bin = (name: string) => path.resolve(import.meta.dirname, '../bin', name);
const mtls = 'kind: Configuration\nspec: {mtls: {enabled: true, workloadCertTTL: 15s, allowedClockSkew: 0s}}\n';

const perSecond = 500;

let stack: AsyncDisposableStack;
let folder: string;
let credentials: string;
let shopHttp: number;

/** A sentry whose certificates last fifteen seconds, and two sidecars: `shop` calls the app beside `till`. */
beforeAll(async () => {
  stack = new AsyncDisposableStack();
  folder = await mkdtemp(path.join(tmpdir(), 'rotation-'));
  stack.defer(() => rm(folder, { recursive: true }));
  credentials = path.join(folder, 'credentials');
  await mkdir(credentials);
  const [sentryPort, sentryHealth, tillInternal] = (await freePorts(3)) as [number, number, number];
  await writeFile(path.join(folder, 'mtls.yaml'), mtls);
  const names = `kind: Configuration\nspec: {nameResolution: {component: static, configuration: {apps: "till=127.0.0.1:${tillInternal}"}}}\n`;
  await writeFile(path.join(folder, 'names.yaml'), names);
  const run = (name: string, program: string, args: string[], env: Record<string, string> = {}) =>
    stack.use(start(name, bin(program), args, { env, log: path.join(folder, `${name}.log`) }));
  const at = '127.0.0.1';
  run('sentry', 'sentry', [
    ...[`--port=${sentryPort}`, `--healthz-port=${sentryHealth}`, '--metrics-port=0', `--listen-address=${at}`],
    ...[`--issuer-credentials=${credentials}`, `--config=${folder}/mtls.yaml`],
  ]);
  await healthy(sentryHealth, '/healthz');

  const app = createServer((request, response) => response.end(request.url));
  await new Promise<void>((resolve) => app.listen(0, at, resolve));
  stack.defer(() => void app.close());
  const anchors = await readFile(path.join(credentials, 'ca.crt'), 'utf8');
  const sidecar = async (appId: string, more: string[]): Promise<number> => {
    const [http, grpc] = (await freePorts(2)) as [number, number];
    const ports = [`--dapr-http-port=${http}`, `--dapr-grpc-port=${grpc}`, '--metrics-port=0'];
    const plane = [`--sentry-address=${at}:${sentryPort}`, '--enable-mtls', '--control-plane-trust-domain=localhost'];
    run(appId, 'daprd', [`--app-id=${appId}`, ...ports, ...plane, ...more], { DAPR_TRUST_ANCHORS: anchors });
    await healthy(http, '/v1.0/healthz');
    return http;
  };
  const { port } = app.address() as AddressInfo;
  await sidecar('till', [
    ...[`--app-port=${port}`, `--dapr-internal-grpc-port=${tillInternal}`, `--dapr-internal-grpc-listen-address=${at}`],
  ]);
  shopHttp = await sidecar('shop', [`--config=${folder}/names.yaml`]);
});

afterAll(() => stack?.disposeAsync());

const healthy = (port: number, at: string) =>
  eventually(`port ${port} to be healthy`, async () =>
    (await fetch(`http://127.0.0.1:${port}${at}`)).ok ? true : undefined,
  );

/** How often a sidecar has said a thing. */
const told = async (name: string, words: string): Promise<number> =>
  (await readFile(path.join(folder, `${name}.log`), 'utf8')).split(words).length - 1;

/** Waits until each of them has said it so many times more. */
async function tellAgain(words: string, names: readonly string[] = ['shop', 'till']): Promise<void> {
  const before = await Promise.all(names.map((name) => told(name, words)));
  await eventually(`${names.join(' and ')} to say "${words}"`, async () => {
    const now = await Promise.all(names.map((name) => told(name, words)));
    return now.every((count, i) => count > before[i]!) || undefined;
  });
}

describe(`${perSecond} calls a second between two sidecars`, () => {
  it('outlive the renewal of every certificate and a change of the root', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 64, scheduling: 'fifo' });
    stack.defer(() => agent.destroy());
    const url = `http://127.0.0.1:${shopHttp}/v1.0/invoke/till/method/pay`;
    await using load = steadyLoad(perSecond, () => httpGet(agent, url, '/pay'));
    await tellAgain('Renewed the identity certificate');

    const times = { now: new Date(), ttlMs: 86_400_000, skewMs: 60_000 };
    const root = await makeRoot('localhost', times);
    const issuer = await makeIssuer(root, 'spiffe://localhost/ns/default/dapr-sentry', times);
    const oldRoot = await readFile(path.join(credentials, 'ca.crt'), 'utf8');
    const newRoot = certificatesPem([root.certificate]);

    const distributed = tellAgain('Trust anchors changed');
    await writeFile(path.join(credentials, 'ca.crt'), oldRoot + newRoot);
    await distributed;

    const signing = tellAgain('Credentials changed', ['sentry']);
    await writeFile(path.join(credentials, 'issuer.crt'), certificatesPem([issuer.certificate]));
    await writeFile(path.join(credentials, 'issuer.key'), privateKeyPem(issuer.key));
    await signing;
    await tellAgain('Renewed the identity certificate');

    const retired = tellAgain('Trust anchors changed');
    await writeFile(path.join(credentials, 'ca.crt'), newRoot);
    await retired;

    const after = load.answered();
    await eventually('calls to go on after all of it', async () => load.answered() > after + perSecond || undefined);
    const { failures } = await load.stop();
    expect(failures).toEqual([]);
  });
});
