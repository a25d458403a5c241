import type { Condition } from '#crds/metav1.ts';
import { startInformer } from '#kit/kube/informer.ts';
import type { KubeObject } from '#kit/kube/object.ts';
import { daprResources } from '#kit/kube/resource.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { fakeClock } from '#kit/testing/fake-clock.ts';
import { fakeKube } from '#kit/testing/fake-kube.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { secretReader } from '../api/secrets.ts';
import type { DaprResource } from '../resource.ts';
import { startAccepted } from './accepted.ts';

type Checked = KubeObject & { status?: { conditions?: Condition[] } };
type Name = 'configurations' | 'mcpServers' | 'workflowAccessPolicies';

/** What the conditions of an object say, a line each, once it is applied. */
async function conditionsAfter(name: Name, spec: object): Promise<string[]> {
  const kube = fakeKube();
  const clock = fakeClock();
  const base = { client: kube.client, log: silentLogger, signal: new AbortController().signal, clock };
  await using stack = new AsyncDisposableStack();
  const open = (kind: Name) => stack.use(startInformer<DaprResource>({ ...base, resource: daprResources[kind] }));
  const caches = {
    configurations: open('configurations'),
    mcpServers: open('mcpServers'),
    workflowAccessPolicies: open('workflowAccessPolicies'),
  };
  await Promise.all(Object.values(caches).map(({ synced }) => synced));
  stack.use(startAccepted({ ...base, caches, secrets: secretReader(kube.client) }));
  const at = { namespace: 'shop', name: 'one' };
  kube.put(daprResources[name], { metadata: { ...at, uid: 'one', generation: 1 }, spec } as KubeObject);
  await clock.advance(1_000);
  const { status } = kube.read<Checked>(daprResources[name], at) ?? {};
  return status?.conditions?.map((one) => `${one.type} ${one.status}: ${one.message}`) ?? [];
}

const mcp = (way: object) => ({ endpoint: { streamableHTTP: { url: 'https://weather.test/mcp', ...way } } });

describe('the status of kinds that are only checked', () => {
  it('says of an MCPServer whether it makes sense, and which secret it lacks', async () => {
    const headers = [{ name: 'X-Api-Key', secretKeyRef: { name: 'weather', key: 'apiKey' } }];
    expect(await conditionsAfter('mcpServers', mcp({ headers }))).toEqual([
      'Accepted True: sidecars can read it',
      'SecretsResolved False: spec.endpoint.streamableHTTP.headers X-Api-Key: there is no Secret weather',
    ]);
    expect(await conditionsAfter('mcpServers', { endpoint: {} })).toEqual([
      'Accepted False: MCPServer "one" is not valid: spec.endpoint: exactly one of streamableHTTP, sse, or stdio must be set',
      'SecretsResolved True: no setting is held by a secret',
    ]);
  });

  it('says of a WorkflowAccessPolicy whether it makes sense', async () => {
    const workflows = [{ name: 'order-*', operations: ['schedule'] }];
    expect(
      await conditionsAfter('workflowAccessPolicies', { rules: [{ callers: [{ appID: 'shop' }], workflows }] }),
    ).toEqual(['Accepted True: sidecars can read it']);
    expect(await conditionsAfter('workflowAccessPolicies', { rules: [{ callers: [], workflows }] })).toEqual([
      'Accepted False: WorkflowAccessPolicy "one" is not valid: spec.rules[0].callers: must not be empty',
    ]);
  });

  it('says of a Configuration which secret its traces lack, without which no sidecar starts', async () => {
    const headers = [{ name: 'api-key', secretKeyRef: { name: 'traces', key: 'key' } }];
    expect(await conditionsAfter('configurations', { tracing: { samplingRate: '1', otel: { headers } } })).toEqual([
      'Accepted True: its settings make sense',
      'SecretsResolved False: spec.tracing.otel.headers api-key: there is no Secret traces',
    ]);
  });
});
