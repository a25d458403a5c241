import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect } from '#kit/grpc/client.ts';
import { createGrpcServer } from '#kit/grpc/server.ts';
import type { Implementation } from '#kit/grpc/service.ts';
import type { Transport } from '#kit/grpc/transport.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { type Instances, opened } from '../instances.ts';
import type { AttachOptions } from '../wire/attach.ts';

/** Opens a fresh component for one test; the suite disposes of it. */
export type Open<T> = () => Promise<T>;

type Converters<T> = {
  serve(instances: Instances<T>): Implementation[];
  attach(transport: Transport, options: AttachOptions): Promise<T>;
};

/**
 * The two ways every component of a kind with a wire contract is held to its suite: directly, and served on a Unix
 * socket and attached to it.
 */
export function bothWays<T extends AsyncDisposable>(
  open: Open<T>,
  { serve, attach }: Converters<T>,
): [way: string, open: Open<T>][] {
  const attached = async (): Promise<T> => {
    const object = await open();
    const folder = await mkdtemp(path.join(tmpdir(), 'outrigger-conformance-'));
    const socket = path.join(folder, 'component.sock');
    const server = await createGrpcServer({ services: serve(opened(object)), log: silentLogger });
    await server.listenSocket(socket);
    const channel = connect({ target: { path: socket } });
    return Object.assign(await attach(channel, { properties: {}, log: silentLogger }), {
      async [Symbol.asyncDispose]() {
        await channel[Symbol.asyncDispose]();
        await server[Symbol.asyncDispose]();
        await object[Symbol.asyncDispose]();
        await rm(folder, { recursive: true });
      },
    });
  };
  return [
    ['directly', open],
    ['through a socket', attached],
  ];
}
