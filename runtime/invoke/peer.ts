import { type Channel, connect } from '#kit/grpc/client.ts';
import { isPromise } from '#kit/grpc/promise.ts';
import type { ClientTls } from '#kit/grpc/tls.ts';
import { callDirect } from './direct-client.ts';
import type { Invoke } from './message.ts';
import { callRemote } from './remote.ts';

export type PeerOptions = {
  /** `host:port` of the sidecar. */
  address: string;
  tls: ClientTls | undefined;
  maxReceiveBytes: number;
};

/** Another sidecar: its app is invoked in the cheaper of the forms that it serves. Disposing ends calls under way. */
export type Peer = AsyncDisposable & {
  invoke: Invoke;
  /** For calls that are passed on undecoded. */
  raw: Channel['raw'];
};

/** Nothing is dialled before the first call. */
export function openPeer({ address, tls, maxReceiveBytes }: PeerOptions): Peer {
  const channel = connect({ target: address, maxReceiveBytes, ...(tls === undefined ? {} : { tls }) });
  return {
    raw: channel.raw,
    invoke(call, signal) {
      const takes = call.verb !== '' && channel.takesPlain();
      if (isPromise(takes)) return takes.then((direct) => (direct ? callDirect : callRemote)(channel, call, signal));
      return (takes === true ? callDirect : callRemote)(channel, call, signal);
    },
    [Symbol.asyncDispose]: () => channel[Symbol.asyncDispose](),
  };
}
