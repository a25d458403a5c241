import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { type Conditioned, condition } from '../conditions.ts';
import { eventually } from '../eventually.ts';
import { containerStatuses, type Pod } from '../pod.ts';
import { placeOrder, readOrder } from './orders.ts';
import { type World, world } from './world.ts';

const components = 'dapr.io/v1alpha1/components';

describe('a user changes Components under a running app', () => {
  let story: World;
  let before: Pod;
  const keysIn = (redis: string) =>
    story.kubectl('exec', '-n', story.namespace, `deployment/${redis}`, '--', '/usr/bin/redis-cli', 'keys', '*');
  const ordered = (id: string) =>
    eventually(`order ${id}`, async () => ((await placeOrder(story, id)) ? true : undefined));
  const hostOf = (component: string, host: string) =>
    story.kubectl(
      'annotate',
      'component',
      component,
      '-n',
      story.namespace,
      '--overwrite',
      `outrigger.dev/host=${host}`,
    );
  /** Places orders, each of an id of its own, until one lies in that Redis. */
  const ordersReach = (redis: string, id: string) =>
    eventually(`an order in ${redis}`, async () => {
      await placeOrder(story, id);
      return (await keysIn(redis)).includes(`shop||${id}`) ? true : undefined;
    });
  const withoutRestart = async (): Promise<void> => {
    const now = await story.pod('shop');
    expect(now.metadata.uid).toBe(before.metadata.uid);
    expect(containerStatuses(now).map(({ restartCount }) => restartCount)).toEqual([0, 0, 0]);
  };
  const loaded = (name: string, wanted: string) =>
    story.watch(components, (object: Conditioned & { status?: { loaded?: string } }) =>
      object.metadata.name === name && object.status?.loaded === wanted ? object : undefined,
    );

  beforeAll(async () => {
    story = await world('change-component');
    await story.deploy('redis.yaml', 'orders.yaml', 'shop.yaml');
    await story.apply(secondRedis(story.target.images.redis));
    await story.pod('redis');
    await story.pod('redis-two');
    before = await story.pod('shop');
    await story.served('shop');
  });
  afterAll(() => story.end());

  it('sees orders go where the changed Component says, what was written left where it is, and no pod restarted', async () => {
    await ordered('first');
    await pointTo(story, 'redis-two:6379');
    await ordersReach('redis-two', 'second');
    expect(await keysIn('redis')).toContain('shop||first');
    await withoutRestart();
  });

  it('sees it move into the sidecar when its host changes', async () => {
    await hostOf('orders', 'in-process');
    await ordered('third');
    await pointTo(story, 'redis:6379');
    await ordersReach('redis', 'fourth');
    await withoutRestart();
  });

  it('sees it move into a process of its own, in a pod whose root is read-only', async () => {
    await hostOf('orders', 'process');
    await pointTo(story, 'redis-two:6379');
    await ordersReach('redis-two', 'fifth');
    await withoutRestart();
  });

  it('is refused by the sidecar once the Component is gone, and served once it is back', async () => {
    await story.kubectl('delete', 'component', 'orders', '-n', story.namespace);
    await eventually('an order to be refused', async () => ((await placeOrder(story, 'sixth')) ? undefined : true));
    await story.deploy('orders.yaml');
    await ordered('seventh');
    expect(await readOrder(story, 'first')).toMatchObject({ id: 'first' });
    await withoutRestart();
  });

  it('is told which pods must be made anew where a Component asks for a container that they lack', async () => {
    await story.apply(late);
    const told = await story.watch(components, (object: Conditioned) =>
      object.metadata.name === 'late' ? condition(object, 'Loaded', 'False') : undefined,
    );
    expect(told.reason).toBe('ContainerMissing');
    expect(told.message).toContain(before.metadata.name);
    await withoutRestart();
    await story.kubectl('rollout', 'restart', '-n', story.namespace, 'deployment/shop');
    await story.kubectl('rollout', 'status', '-n', story.namespace, 'deployment/shop', '--timeout=5m');
    await loaded('late', '1/1');
    await ordered('eighth');
  });
});

const late = `
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: { name: late, annotations: { outrigger.dev/host: container } }
spec:
  type: state.redis
  version: v1
  ignoreErrors: true
  metadata: [{ name: redisHost, value: "redis:6379" }]
`;

const pointTo = (story: World, host: string) =>
  story.kubectl(
    ...['patch', 'component', 'orders', '-n', story.namespace, '--type=merge', '--patch'],
    JSON.stringify({ spec: { metadata: [{ name: 'redisHost', value: host }] } }),
  );

const secondRedis = (image: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: redis-two }
spec:
  selector: { matchLabels: { app: redis-two } }
  template:
    metadata: { labels: { app: redis-two } }
    spec:
      containers:
        - name: redis
          image: ${image}
          args: ["--protected-mode", "no", "--save", ""]
          readinessProbe: { tcpSocket: { port: 6379 }, periodSeconds: 1 }
---
apiVersion: v1
kind: Service
metadata: { name: redis-two }
spec:
  selector: { app: redis-two }
  ports: [{ port: 6379 }]
`;
