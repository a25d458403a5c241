import type { DescMessage, DescMethodUnary, MessageInitShape } from '@bufbuild/protobuf';
import { wantsInit } from '#contracts/instances.ts';
import type { Transport } from '#kit/grpc/transport.ts';

type InitCall = { method: DescMethodUnary; request: MessageInitShape<DescMessage> };

/**
 * A transport that outlives restarts of the component behind it: the Init calls made through it are kept, and made
 * again when the component says that it was not initialised. The call that found out is then repeated; a stream fails,
 * and works when it is opened again.
 */
export function lasting(transport: Transport): Transport {
  const inits = new Map<string, InitCall>();
  let repairing: Promise<void> | undefined;
  const repair = (): Promise<void> => {
    repairing ??= initAgain(transport, [...inits.values()]).finally(() => {
      repairing = undefined;
    });
    return repairing;
  };
  return {
    ...transport,
    async unary(method, request, options) {
      // The first Init waits for a component that is still starting.
      const isInit = method.name === 'Init';
      try {
        const answer = await transport.unary(method, request, isInit ? { ...options, waitForReady: true } : options);
        if (isInit) inits.set(method.parent.typeName, { method, request });
        return answer;
      } catch (error) {
        if (isInit || !wantsInit(error)) throw error;
      }
      await repair();
      return await transport.unary(method, request, options);
    },
    async *serverStream(method, request, options) {
      yield* repairingOn(transport.serverStream(method, request, options), repair);
    },
    async *bidiStream(method, requests, options) {
      yield* repairingOn(transport.bidiStream(method, requests, options), repair);
    },
  };
}

async function initAgain(transport: Transport, inits: readonly InitCall[]): Promise<void> {
  for (const { method, request } of inits) await transport.unary(method, request);
}

async function* repairingOn<T>(stream: AsyncIterable<T>, repair: () => Promise<void>): AsyncGenerator<T> {
  try {
    yield* stream;
  } catch (error) {
    if (wantsInit(error)) await repair();
    throw error;
  }
}
