/**
 * How long the injector takes to answer an API server, at a fixed rate of pods whose namespace has Components, against
 * a real API server and with the injector bound to one core. Requests are sent on time, whether or not earlier ones are
 * answered.
 * Usage: node bench/injector/webhook.ts [pods per second, default 50] [seconds, default 20]
 */
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { run } from '#e2e/run.ts';
import { startInjector } from '#injector/testing/running-injector.ts';
import { record } from '../figures.ts';
import { cpuMicroseconds } from '../sidecar/usage.ts';

const rate = Number(process.argv[2] ?? 50);
const seconds = Number(process.argv[3] ?? 20);
const componentCount = 20;

await using running = await startInjector();
const { port, ca } = running.webhook;
await run('taskset', ['-a', '-cp', '1', String(running.injector.pid)]).catch(() => '');
const components = Array.from({ length: componentCount }, (_, index) => ({
  apiVersion: 'dapr.io/v1alpha1',
  kind: 'Component',
  metadata: {
    name: `store-${index}`,
    namespace: 'shop',
    annotations: index === 0 ? { 'outrigger.dev/host': 'container' } : {},
  },
  spec: { type: 'state.redis', version: 'v1', metadata: [{ name: 'redisHost', value: 'redis:6379' }] },
}));
await running.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: components }));

const agent = new Agent({
  keepAlive: true,
  ca: await readFile(ca),
  servername: 'dapr-sidecar-injector.dapr-system.svc',
});
const review = (index: number) =>
  JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: `pod-${index}`,
      kind: { group: '', version: 'v1', kind: 'Pod' },
      namespace: 'shop',
      operation: 'CREATE',
      userInfo: { username: 'system:serviceaccount:kube-system:replicaset-controller' },
      object: {
        metadata: { name: `shop-${index}`, annotations: { 'dapr.io/enabled': 'true', 'dapr.io/app-id': 'shop' } },
        spec: { containers: [{ name: 'shop', image: 'shop:1' }], initContainers: [{ name: 'init', image: 'shop:1' }] },
      },
    },
  });

/** Milliseconds until the whole answer was there; the answer must hold a patch. */
function ask(index: number): Promise<number> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/mutate', method: 'POST', agent };
    const asking = request({ ...options, headers: { 'content-type': 'application/json' } }, (response) => {
      let body = '';
      response.on('data', (part) => {
        body += part;
      });
      response.on('end', () =>
        body.includes('"patch":') ? resolve(performance.now() - started) : reject(new Error(body)),
      );
    });
    asking.on('error', reject);
    asking.end(review(index));
  });
}

async function load(count: number): Promise<number[]> {
  const started = performance.now();
  const answers: Promise<number>[] = [];
  for (let index = 0; index < count; index++) {
    await pause(Math.max(0, started + (index * 1_000) / rate - performance.now()));
    answers.push(ask(index));
  }
  return (await Promise.all(answers)).sort((a, b) => a - b);
}

await load(rate * 5);
const before = cpuMicroseconds(running.injector.pid);
const times = await load(rate * seconds);
const used = (cpuMicroseconds(running.injector.pid) - before) / 1_000;
const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))]!;
const options = {
  'pods a second': rate,
  seconds,
  'Components in the namespace': componentCount,
  'injector on': '1 core',
};
process.stdout.write(
  await record('webhook', options, [
    { name: 'p50', value: at(0.5), unit: 'ms' },
    { name: 'p90', value: at(0.9), unit: 'ms' },
    { name: 'p99', value: at(0.99), unit: 'ms', limit: { atMost: 20 } },
    { name: 'longest', value: at(1), unit: 'ms' },
    { name: "injector's CPU for a pod", value: used / times.length, unit: 'ms' },
  ]),
);
agent.destroy();
