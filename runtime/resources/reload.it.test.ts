import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePorts } from '#e2e/ports.ts';
import { type Process, start } from '#e2e/process.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { steadyLoad } from '#kit/testing/steady-load.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';

const root = path.resolve(import.meta.dirname, '../..');
let folder: string;
let api: string;
let sidecar: Process;

const resources = () => path.join(folder, 'resources');
const log = () => readFile(path.join(folder, 'daprd.log'), 'utf8');

/** As kubelet and careful editors do: the new file takes the place of the old one at once. */
async function put(name: string, text: string): Promise<void> {
  await writeFile(path.join(folder, name), text);
  await rename(path.join(folder, name), path.join(resources(), name));
}

const store = (busyTimeout: string, more = '') => `apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: orders
spec:
  type: state.sqlite
  version: v1
  metadata:
    - { name: connectionString, value: ${path.join(folder, 'orders.db')} }
    - { name: busyTimeout, value: ${busyTimeout} }
${more}`;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'outrigger-reload-'));
  await mkdir(resources());
  await put('store.yaml', store('1s'));
  const [http, grpc, internal, metrics] = await freePorts(4);
  api = `http://127.0.0.1:${http}`;
  const ports = [`--dapr-http-port=${http}`, `--dapr-grpc-port=${grpc}`, `--dapr-internal-grpc-port=${internal}`];
  const args = ['--app-id=shop', `--resources-path=${resources()}`, `--metrics-port=${metrics}`, ...ports];
  sidecar = start('daprd', path.join(root, 'bin/daprd'), args, { log: path.join(folder, 'daprd.log') });
  await eventually(async () => expect((await fetch(`${api}/v1.0/healthz/outbound`)).ok).toBe(true));
});

afterAll(async () => {
  await sidecar[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const save = () =>
  fetch(`${api}/v1.0/state/orders`, { method: 'POST', body: JSON.stringify([{ key: 'a', value: 1 }]) });
const updates = async () => (await log()).split('Component updated: orders').length - 1;

describe('a sidecar whose resources change', () => {
  it('fails no call while a state store is replaced five times under 500 requests a second', async () => {
    await using load = steadyLoad(500, async (i) => {
      const answer = await (i % 2 === 0 ? save() : fetch(`${api}/v1.0/state/orders/a`));
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`status ${answer.status}`);
    });
    for (let version = 2; version <= 6; version++) {
      const before = await updates();
      await put('store.yaml', store(`${version}s`));
      await eventually(async () => expect(await updates()).toBe(before + 1));
      const after = load.sent();
      await eventually(() => expect(load.sent()).toBeGreaterThan(after + 100));
    }
    const { sent, failures } = await load.stop();
    expect(failures).toEqual([]);
    expect(sent).toBeGreaterThan(500);
  });

  it('goes on with the old version when the new one cannot be opened', async () => {
    await put('store.yaml', store('7s', '    - { name: tableName, value: "no; such" }\n'));
    await eventually(async () => expect(await log()).toContain('the one before it goes on serving'));
    expect((await save()).status).toBe(204);
  });

  it('takes a broken file for no deletion', async () => {
    await put('store.yaml', 'kind: Component\nmetadata: {name: [');
    await eventually(async () => expect(await log()).toContain('A document in'));
    expect((await save()).status).toBe(204);
  });

  it('closes what is deleted', async () => {
    await rm(path.join(resources(), 'store.yaml'));
    await eventually(async () => expect((await save()).status).toBe(500));
  });
});
