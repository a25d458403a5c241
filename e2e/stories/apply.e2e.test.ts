import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { type Conditioned, condition } from '../conditions.ts';
import { placeOrder, readOrder } from './orders.ts';
import { type World, world } from './world.ts';

const components = 'dapr.io/v1alpha1/components';

describe('a user applies a Component', () => {
  let story: World;
  beforeAll(async () => {
    story = await world('apply');
    await story.deploy('redis.yaml', 'orders.yaml', 'shop.yaml');
    await story.pod('redis');
    await story.pod('shop');
    await story.served('shop');
  });
  afterAll(() => story.end());

  it('writes orders through the sidecar and reads them back', async () => {
    expect(await placeOrder(story, '1001')).toBe(true);
    expect(await readOrder(story, '1001')).toEqual({ id: '1001', item: 'paddle', quantity: 1 });
    expect(await readOrder(story, '1002')).toBeUndefined();
  });

  it('finds them in Redis under the app that owns them', async () => {
    const redis = ['exec', '-n', story.namespace, 'deployment/redis', '--', '/usr/bin/redis-cli'];
    expect(await story.kubectl(...redis, 'keys', '*')).toContain('shop||1001');
  });

  it('is told that the Component is accepted and how many pods have loaded it', async () => {
    const loaded = await story.watch(components, (object: Conditioned & { status?: { loaded?: string } }) =>
      condition(object, 'Accepted', 'True') && object.status?.loaded === '1/1' ? object : undefined,
    );
    expect(loaded.metadata.name).toBe('orders');
  });

  it('is told which field is misspelt', async () => {
    await story.apply(`
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: { name: misspelt }
spec:
  type: state.redis
  version: v1
  metadata: [{ name: redisHots, value: "redis:6379" }]
scopes: [nobody]
`);
    const refused = await story.watch(components, (object: Conditioned) =>
      object.metadata.name === 'misspelt' ? condition(object, 'Accepted', 'False') : undefined,
    );
    expect(refused.message).toContain('redisHots');
    const listed = await story.kubectl('get', 'components', '-n', story.namespace);
    expect(listed).toMatch(/^NAME +TYPE +ACCEPTED +LOADED +AGE +PROBLEM$/m);
    expect(listed).toMatch(/^misspelt +state\.redis +False +0\/0 +\S+ +spec\.metadata: .*redisHots/m);
  });

  it('is told of the other kinds too: what makes sense, and which Secret is missing', async () => {
    await story.apply(`
apiVersion: dapr.io/v1alpha1
kind: HTTPEndpoint
metadata: { name: payments }
spec:
  baseUrl: https://payments.example.com
  headers: [{ name: Authorization, secretKeyRef: { name: payments, key: token } }]
scopes: [nobody]
---
apiVersion: dapr.io/v1alpha1
kind: WorkflowAccessPolicy
metadata: { name: orders }
spec:
  rules: [{ callers: [{ appID: till }], workflows: [{ name: order-*, operations: [schedule] }] }]
scopes: [nobody]
`);
    const lacking = await story.watch('dapr.io/v1alpha1/httpendpoints', (object: Conditioned) =>
      condition(object, 'SecretsResolved', 'False'),
    );
    expect(lacking.message).toBe('spec.headers Authorization: there is no Secret payments');
    await story.watch('dapr.io/v1alpha1/workflowaccesspolicies', (object: Conditioned) =>
      condition(object, 'Accepted', 'True'),
    );
  });
});
