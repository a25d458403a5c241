import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import type { Pod } from '../pod.ts';
import { type World, world } from './world.ts';

/** Saves one order through the sidecar at once, as nothing but its start order makes it wait, and ends. */
const program = `
const answer = await fetch('http://127.0.0.1:3500/v1.0/state/orders', {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify([{ key: 'nightly', value: 'done' }]),
});
if (!answer.ok) throw new Error(await answer.text());
`;

describe('a user runs a Job with a sidecar', () => {
  let story: World;
  beforeAll(async () => {
    story = await world('job');
    await story.deploy('redis.yaml', 'orders.yaml');
    await story.pod('redis');
  });
  afterAll(() => story.end());

  it('sees it complete at the first try, its work done', async () => {
    await story.apply(job(story.target.images.shop));
    const done = await story.pod('nightly', ({ status }) => ['Succeeded', 'Failed'].includes(status.phase));
    expect(done.status.phase).toBe('Succeeded');
    await story.watch('batch/v1/jobs', (object: { status?: { succeeded?: number } }) =>
      object.status?.succeeded === 1 ? true : undefined,
    );
    const redis = ['exec', '-n', story.namespace, 'deployment/redis', '--', '/usr/bin/redis-cli'];
    expect(await story.kubectl(...redis, 'hget', 'nightly||nightly', 'data')).toContain('done');
  });

  it('is left with a pod whose sidecars have ended too', async () => {
    const pod: Pod = await story.pod('nightly', ({ status }) => status.phase === 'Succeeded');
    const running = (pod.status.initContainerStatuses ?? []).filter(({ state }) => state?.running);
    expect(running).toEqual([]);
  });
});

const job = (image: string): string => `
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: orders
  annotations: { outrigger.dev/host: container }
spec:
  type: state.redis
  version: v1
  metadata: [{ name: redisHost, value: "redis:6379" }]
scopes: [nightly, shop]
---
apiVersion: batch/v1
kind: Job
metadata: { name: nightly }
spec:
  backoffLimit: 0
  template:
    metadata:
      labels: { app: nightly }
      annotations:
        dapr.io/enabled: "true"
        dapr.io/app-id: nightly
    spec:
      restartPolicy: Never
      containers:
        - name: nightly
          image: ${image}
          command: ["/usr/bin/node", "--input-type=module", "-e", ${JSON.stringify(program)}]
`;
