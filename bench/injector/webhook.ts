/**
 * How long the injector takes to answer an API server, at a fixed rate of pods whose namespace has Components, against
 * a real API server and with the injector bound to one core. Requests are sent on time, whether or not earlier ones are
 * answered.
 * Usage: node bench/injector/webhook.ts [pods per second, default 50] [seconds, default 20]
 */
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { cpus } from 'node:os';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { run } from '#e2e/run.ts';
import { startInjector } from '#injector/testing/running-injector.ts';

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

/** CPU seconds of the injector so far (Linux counts hundredths). */
async function cpuSeconds(): Promise<number> {
  const fields = (await readFile(`/proc/${running.injector.pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
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

await load(rate * 3);
const before = await cpuSeconds();
const times = await load(rate * seconds);
const used = (await cpuSeconds()) - before;
const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))]!.toFixed(1);
process.stdout.write(`${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}, injector on one core\n`);
process.stdout.write(`${times.length} pods at ${rate}/s, ${componentCount} Components in the namespace\n`);
process.stdout.write(`p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms\n`);
process.stdout.write(`injector's CPU: ${((used * 1_000) / times.length).toFixed(2)} ms a pod\n`);
agent.destroy();
