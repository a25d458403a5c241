/**
 * Replaces a state store again and again while it is called 500 times a second, counts the calls that failed and tells
 * how long they took; the figures go to bench/results/. Exits 1 when one failed.
 * Usage: node bench/hotreload/main.ts [a daprd to do it to instead of ours]
 */
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { freePorts } from '#e2e/ports.ts';
import { start } from '#e2e/process.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { steadyLoad } from '#kit/testing/steady-load.ts';
import { record } from '../figures.ts';
import { quantile } from '../sidecar/statistics.ts';

const perSecond = 500;
const reloads = 10;
/** Calls between one new version of the component and the next. */
const callsBetween = 500;

const daprd = process.argv[2] ?? path.resolve(import.meta.dirname, '../../bin/daprd');
const folder = await mkdtemp(path.join(tmpdir(), 'outrigger-gap-'));
const resources = path.join(folder, 'resources');

/** The new file takes the place of the old one at once, as kubelet and careful editors have it. */
async function putStore(version: number): Promise<void> {
  const settings = [
    `{ name: connectionString, value: ${folder}/orders.db }`,
    `{ name: busyTimeout, value: ${version}s }`,
  ];
  const manifest = `apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: { name: orders }\nspec: { type: state.sqlite, version: v1, metadata: [${settings}] }\n`;
  await writeFile(path.join(folder, 'new.yaml'), manifest);
  await rename(path.join(folder, 'new.yaml'), path.join(resources, 'store.yaml'));
}

const logged = async (text: string) => (await readFile(path.join(folder, 'daprd.log'), 'utf8')).split(text).length - 1;

async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  await eventually(async () => {
    if (!(await check())) throw new Error('it has not come about in time');
  }, 20_000);
}

await mkdir(resources);
await putStore(1);
const [http, grpc, internal, metrics] = await freePorts(4);
const api = `http://127.0.0.1:${http}`;
const ports = [`--dapr-http-port=${http}`, `--dapr-grpc-port=${grpc}`, `--dapr-internal-grpc-port=${internal}`];
const args = ['--app-id=gap', `--resources-path=${resources}`, `--metrics-port=${metrics}`, ...ports];
{
  await using _ = start('daprd', daprd, args, { log: path.join(folder, 'daprd.log') });
  await until(async () => (await fetch(`${api}/v1.0/healthz/outbound`).catch(() => undefined))?.ok ?? false);
  const body = JSON.stringify([{ key: 'a', value: 1 }]);
  const load = steadyLoad(perSecond, async (i) => {
    const answer =
      i % 2 === 0
        ? await fetch(`${api}/v1.0/state/orders`, { method: 'POST', body })
        : await fetch(`${api}/v1.0/state/orders/a`);
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`status ${answer.status}`);
  });
  const began = performance.now();
  for (let version = 2; version <= reloads + 1; version++) {
    const sent = load.sent();
    await until(() => load.sent() >= sent + callsBetween);
    await putStore(version);
    await until(async () => (await logged('Component updated: orders')) >= version - 1);
  }
  const { sent, failures, latencies } = await load.stop();
  const rate = Math.round((sent / (performance.now() - began)) * 1_000);
  const latency = (name: string, share: number) => ({ name, value: quantile(latencies, share), unit: 'ms' });
  process.stdout.write(
    await record('hotreload', { component: 'state.sqlite', reloads, requestsPerSecond: rate, requests: sent }, [
      { name: 'failed calls', value: failures.length, unit: 'calls', limit: { atMost: 0 } },
      latency('p50', 0.5),
      latency('p99', 0.99),
      latency('longest', 1),
    ]),
  );
  for (const failure of new Set(failures)) process.stdout.write(`  ${failure}\n`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}
await rm(folder, { recursive: true, force: true });
