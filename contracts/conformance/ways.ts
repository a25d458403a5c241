import type { Implementation } from '#kit/grpc/service.ts';
import type { Transport } from '#kit/grpc/transport.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { loopback } from '#kit/testing/loopback.ts';
import { type Instances, opened } from '../instances.ts';
import type { AttachOptions } from '../wire/attach.ts';

/** Opens a fresh component for one test; the suite disposes of it. */
export type Open<T> = () => Promise<T>;

type Converters<T> = {
  serve(instances: Instances<T>): Implementation[];
  attach(transport: Transport, options: AttachOptions): Promise<T>;
};

/** The two ways every component of a kind with a wire contract is held to its suite: directly, and through a transport. */
export function bothWays<T extends AsyncDisposable>(
  open: Open<T>,
  { serve, attach }: Converters<T>,
): [way: string, open: Open<T>][] {
  const attached = async (): Promise<T> => {
    const object = await open();
    const transport = loopback(serve(opened(object)));
    const far = await attach(transport, { properties: {}, log: silentLogger });
    return Object.assign(far, {
      async [Symbol.asyncDispose]() {
        await transport[Symbol.asyncDispose]();
        await object[Symbol.asyncDispose]();
      },
    });
  };
  return [
    ['directly', open],
    ['through a transport', attached],
  ];
}
