import { create, type DescMessage, type DescMethodUnary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { frame } from '#kit/grpc/frame.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import type { Load } from './load.ts';
import type { Sidecar } from './subject.ts';

export type Workload = { name: string; load(sidecar: Pick<Sidecar, 'http' | 'grpc'>): Load };

const value = 'x'.repeat(1_000);
const keys = Array.from({ length: 10 }, (_, i) => `k${i}`);
const pairs = keys.map((key) => ({ key, value }));

const json =
  (path: string, body?: unknown): Workload['load'] =>
  ({ http }) => ({
    url: `http://${http}/v1.0/state/store${path}`,
    protocol: 'http',
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(body)) }),
  });

const rpc = <I extends DescMessage>(
  method: DescMethodUnary<I, DescMessage>,
  init: MessageInitShape<I>,
): Workload['load'] => {
  const body = frame(toBinary(method.input, create(method.input, init)));
  return ({ grpc }) => ({ url: `http://${grpc}/${method.parent.typeName}/${method.name}`, protocol: 'grpc', body });
};

const { getState, saveState, getBulkState, executeStateTransaction } = Dapr.method;
const bytes = Buffer.from(JSON.stringify(value));

/** What the sidecars are asked, values of 1 KB; keys are there already. */
export const workloads: readonly Workload[] = [
  { name: 'state get, HTTP', load: json('/k0') },
  { name: 'state set, HTTP', load: json('', [pairs[0]]) },
  { name: 'state bulk get of 10, HTTP', load: json('/bulk', { keys }) },
  {
    name: 'state transaction of 2, HTTP',
    load: json('/transaction', { operations: pairs.slice(0, 2).map((request) => ({ operation: 'upsert', request })) }),
  },
  { name: 'state get, gRPC', load: rpc(getState, { storeName: 'store', key: 'k0' }) },
  { name: 'state set, gRPC', load: rpc(saveState, { storeName: 'store', states: [{ key: 'k0', value: bytes }] }) },
  { name: 'state bulk get of 10, gRPC', load: rpc(getBulkState, { storeName: 'store', keys }) },
  {
    name: 'state transaction of 2, gRPC',
    load: rpc(executeStateTransaction, {
      storeName: 'store',
      operations: keys.slice(0, 2).map((key) => ({ operationType: 'upsert', request: { key, value: bytes } })),
    }),
  },
];

/** Writes the keys the workloads read. */
export async function prepare({ http }: Pick<Sidecar, 'http'>): Promise<void> {
  const answer = await fetch(`http://${http}/v1.0/state/store`, { method: 'POST', body: JSON.stringify(pairs) });
  if (answer.status !== 204) throw new Error(`preparing failed: ${answer.status} ${await answer.text()}`);
}
