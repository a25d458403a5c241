import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { eventually } from '../eventually.ts';
import { placeOrder, readOrder } from './orders.ts';
import { type World, world } from './world.ts';

describe('a user changes and deletes a Component, and restarts the app to take it', () => {
  let story: World;
  const keysIn = (redis: string) =>
    story.kubectl('exec', '-n', story.namespace, `deployment/${redis}`, '--', '/usr/bin/redis-cli', 'keys', '*');
  const restart = async (): Promise<void> => {
    await story.kubectl('rollout', 'restart', '-n', story.namespace, 'deployment/shop');
    await story.kubectl('rollout', 'status', '-n', story.namespace, 'deployment/shop', '--timeout=2m');
  };
  const ordered = (id: string) =>
    eventually(`order ${id}`, async () => ((await placeOrder(story, id)) ? true : undefined));

  beforeAll(async () => {
    story = await world('change-component');
    await story.deploy('redis.yaml', 'orders.yaml', 'shop.yaml');
    await story.apply(secondRedis(story.target.images.redis));
    await story.pod('redis');
    await story.pod('redis-two');
    await story.pod('shop');
  });
  afterAll(() => story.end());

  it('sees orders go where the changed Component says, what was written left where it is', async () => {
    await ordered('first');
    await pointTo(story, 'redis-two:6379');
    await restart();
    await ordered('second');
    expect(await keysIn('redis-two')).toContain('shop||second');
    expect(await keysIn('redis')).toContain('shop||first');
    expect(await keysIn('redis')).not.toContain('shop||second');
  });

  it('is refused by the sidecar once the Component is gone, and served once it is back', async () => {
    await story.kubectl('delete', 'component', 'orders', '-n', story.namespace);
    await restart();
    expect(await placeOrder(story, 'third')).toBe(false);
    await story.deploy('orders.yaml');
    await restart();
    await ordered('fourth');
    expect(await readOrder(story, 'first')).toMatchObject({ id: 'first' });
  });
});

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
