import { fault } from '#kit/errors/fault.ts';
import type { CallContext } from '#kit/grpc/call.ts';

/** gRPC metadata by which one server tells its instances apart: the name of the Component resource. */
export const instanceHeader = 'x-component-instance';

/** The opened components behind one served contract. A caller is known by the instance it names. */
export type Instances<T> = {
  /** Answers Init with the settings the caller sent. */
  init(properties: Readonly<Record<string, string>>, context: CallContext): Promise<void>;
  of(context: CallContext): T;
};

/** One component that is open already; Init changes nothing. */
export function opened<T>(object: T): Instances<T> {
  return { init: async () => {}, of: () => object };
}

/** Opens a component at each Init of a new instance, as pluggable components do; disposing closes them all. */
export function openedByInit<T extends AsyncDisposable>(
  open: (properties: Readonly<Record<string, string>>, name: string) => Promise<T>,
): Instances<T> & AsyncDisposable {
  const objects = new Map<string, T>();
  const nameOf = (context: CallContext): string => {
    const name = context.metadata[instanceHeader];
    return (typeof name === 'string' ? name : name?.[0]) ?? '';
  };
  return {
    async init(properties, context) {
      const name = nameOf(context);
      const former = objects.get(name);
      objects.set(name, await open(properties, name));
      await former?.[Symbol.asyncDispose]();
    },
    of(context) {
      const object = objects.get(nameOf(context));
      if (object === undefined)
        throw fault('bad-request', `instance "${nameOf(context)}" has not been initialised: call Init first`);
      return object;
    },
    async [Symbol.asyncDispose]() {
      const all = [...objects.values()];
      objects.clear();
      await Promise.allSettled(all.map((object) => object[Symbol.asyncDispose]()));
    },
  };
}
