import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { defineComponent } from '#contracts/component.ts';
import { fault } from '#kit/errors/fault.ts';
import { ValueSchema } from '#proto/dapr/proto/components/state/v2/value_pb.js';
import { type EtcdFormat, openStateEtcd, stateEtcdSettings } from './etcd-store.ts';
import { expireTime } from './ttl.ts';

export const component = defineComponent({
  type: 'state.etcd',
  versions: ['v2'],
  title: 'etcd',
  description: 'Keeps state in etcd. Values lie in an envelope that tells when they expire.',
  settings: stateEtcdSettings,
  open: (settings) => openStateEtcd(settings, envelope(Date.now)),
});

/** Dapr's second format: the value in a protobuf message, with the time it was written and its life. */
function envelope(now: () => number): EtcdFormat {
  return {
    encode(data, ttl) {
      const life = ttl === undefined ? {} : { ttl: { seconds: BigInt(ttl) } };
      return toBinary(ValueSchema, create(ValueSchema, { data, ts: timestampFromMs(now()), ...life }));
    },
    decode(bytes) {
      const { data, ts, ttl } = read(bytes);
      if (ts === undefined || ttl === undefined || ttl.seconds === 0n) return { data };
      return { data, metadata: expireTime(timestampMs(ts) + Number(ttl.seconds) * 1_000) };
    },
  };
}

function read(bytes: Uint8Array) {
  try {
    return fromBinary(ValueSchema, bytes);
  } catch (cause) {
    throw fault('internal', 'the value is not in the format of state.etcd v2: was it written by v1?', { cause });
  }
}
