import { type Channel, connect } from '#kit/grpc/client.ts';
import type { ClientTls } from '#kit/grpc/tls.ts';
import { connectDirect, stopping } from './direct-client.ts';
import { type Invoke, isStream } from './message.ts';
import { callRemote } from './remote.ts';

export type PeerOptions = {
  /** `host:port` of the sidecar. */
  address: string;
  tls: ClientTls | undefined;
  maxReceiveBytes: number;
  now(): number;
};

/** Another sidecar: its app is invoked in the cheaper of the forms that it serves. Disposing ends calls under way. */
export type Peer = AsyncDisposable & {
  invoke: Invoke;
  /** For calls that are passed on undecoded. */
  raw: Channel['raw'];
};

/** Nothing is dialled before the first call. */
export function openPeer({ address, tls, maxReceiveBytes, now }: PeerOptions): Peer {
  const channel = connect({ target: address, maxReceiveBytes, ...(tls === undefined ? {} : { tls }) });
  const direct = connectDirect({ address, tls, now });
  return {
    raw: channel.raw,
    async invoke(call, signal) {
      if (!direct.takes(call)) return callRemote(channel, call, signal);
      try {
        return await direct.invoke(call, signal);
      } catch (thrown) {
        if (thrown !== stopping || isStream(call.body)) throw thrown;
        return callRemote(channel, call, signal);
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([direct[Symbol.asyncDispose](), channel[Symbol.asyncDispose]()]);
    },
  };
}
