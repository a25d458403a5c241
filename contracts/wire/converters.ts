import type { Implementation } from '#kit/grpc/service.ts';
import type { Transport } from '#kit/grpc/transport.ts';
import type { Instances } from '../instances.ts';
import type { AttachOptions } from './attach.ts';

/** The two converters of a kind: an object as RPC services, and the services behind a transport as an object. */
export type Converters = {
  serve(instances: Instances<AsyncDisposable>): Implementation[];
  attach(transport: Transport, options: AttachOptions): Promise<AsyncDisposable>;
};

/** The kinds with a wire contract, by the first word of a type. Each is loaded when it is first asked for. */
const loaders: Readonly<Record<string, () => Promise<unknown>>> = {
  state: () => import('./state.ts'),
  pubsub: () => import('./pubsub.ts'),
  bindings: () => import('./binding.ts'),
  secretstores: () => import('./secret.ts'),
};

/** The converters for a component type; undefined when its kind has no wire contract. */
export async function convertersOf(type: string): Promise<Converters | undefined> {
  return (await loaders[type.split('.')[0]!.toLowerCase()]?.()) as Converters | undefined;
}
