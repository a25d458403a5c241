import { create } from '@bufbuild/protobuf';
import { implement } from '#kit/grpc/service.ts';
import { resources } from '#kit/kube/resource.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { fakeClock } from '#kit/testing/fake-clock.ts';
import { fakeKube } from '#kit/testing/fake-kube.ts';
import { loopback } from '#kit/testing/loopback.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { ReportComponentsRequestSchema, Status } from '#proto/outrigger/operator/v1/status_pb.js';
import { startRelay } from './relay.ts';

const namespace = 'dapr-system';
const report = (podName: string) =>
  create(ReportComponentsRequestSchema, { namespace: 'shop', podName, appId: 'cart' });

function world() {
  const kube = fakeKube();
  const clock = fakeClock();
  const heard: string[] = [];
  const leadBy = (pod: string) =>
    kube.put(resources.leases, { metadata: { namespace, name: 'l' }, spec: { holderIdentity: `${pod}_1` } });
  for (const [name, podIP] of [
    ['a', '10.0.0.1'],
    ['b', '10.0.0.2'],
  ] as const)
    kube.put(resources.pods, { metadata: { namespace, name }, status: { podIP } });
  const relay = startRelay({
    client: kube.client,
    namespace,
    lease: 'l',
    identity: 'me_1',
    log: silentLogger,
    signal: new AbortController().signal,
    clock,
    connect: (ip) =>
      loopback([
        implement(Status, {
          async reportComponents({ podName, appId }) {
            heard.push(`${ip} ${appId}/${podName}`);
            return {};
          },
        }),
      ]),
  });
  return { clock, heard, leadBy, relay };
}

describe('the relay', () => {
  it('tells the leader what was reported here, once, and a new leader everything', async () => {
    const { clock, heard, leadBy, relay } = world();
    leadBy('a');
    relay.pass(report('cart-1'));
    await clock.advance(20_000);
    expect(heard.splice(0)).toEqual(['10.0.0.1 cart/cart-1']);
    relay.pass(report('cart-2'));
    await clock.advance(5_000);
    expect(heard.splice(0)).toEqual(['10.0.0.1 cart/cart-2']);
    relay.forget('shop/cart-2');
    leadBy('b');
    await clock.advance(5_000);
    expect(heard).toEqual(['10.0.0.2 cart/cart-1']);
    await relay[Symbol.asyncDispose]();
  });

  it('tells nobody while it leads itself', async () => {
    const { clock, heard, leadBy, relay } = world();
    leadBy('me');
    relay.pass(report('cart-1'));
    await clock.advance(10_000);
    expect(heard).toEqual([]);
    await relay[Symbol.asyncDispose]();
  });
});
