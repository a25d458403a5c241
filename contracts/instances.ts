import { grpcCode } from '#kit/errors/table.ts';
import type { CallContext } from '#kit/grpc/call.ts';
import { packDetail, StatusError, unpackDetails } from '#kit/grpc/status.ts';
import { ErrorInfoSchema } from '#proto/google/rpc/error_details_pb.js';
import type { Metadata } from './component.ts';

/** gRPC metadata by which one server tells its instances apart: the name of the Component resource. */
export const instanceHeader = 'x-component-instance';

/** The opened components behind one served contract. A caller is known by the instance it names. */
export type Instances<T> = {
  /** Answers Init with the settings the caller sent. */
  init(properties: Metadata, context: CallContext): Promise<void>;
  of(context: CallContext): T;
};

/** One component that is open already; Init changes nothing. */
export function opened<T>(object: T): Instances<T> {
  return { init: async () => {}, of: () => object };
}

/** Reason in the ErrorInfo of a call that came before its Init: the server was started anew. */
const notInitialised = { reason: 'COMPONENT_NOT_INITIALISED', domain: 'outrigger.dev' };

/** Whether a call failed only because its component wants Init again. */
export function wantsInit(error: unknown): boolean {
  return (
    error instanceof StatusError &&
    unpackDetails(error, ErrorInfoSchema).some(({ reason }) => reason === notInitialised.reason)
  );
}

/**
 * Opens a component at the Init of each instance, as pluggable components do; another Init with the same settings
 * changes nothing, with others it replaces the component. Disposing closes them all.
 */
export function openedByInit<T extends AsyncDisposable>(
  open: (properties: Metadata, name: string) => Promise<T>,
): Instances<T> & AsyncDisposable {
  const instances = new Map<string, { settings: string; object: Promise<T> }>();
  const objects = new Map<string, T>();
  const closeOf = async (object: Promise<T>) => {
    const opened = await object.catch(() => undefined);
    await opened?.[Symbol.asyncDispose]();
  };
  return {
    async init(properties, context) {
      const name = nameOf(context);
      const settings = JSON.stringify(Object.entries(properties).sort());
      const former = instances.get(name);
      if (former?.settings === settings) return void (await former.object);
      const object = open(properties, name);
      instances.set(name, { settings, object });
      try {
        objects.set(name, await object);
      } catch (error) {
        if (instances.get(name)?.object === object) instances.delete(name);
        throw error;
      }
      if (former) await closeOf(former.object);
    },
    of(context) {
      const object = objects.get(nameOf(context));
      if (object !== undefined) return object;
      const message = `instance "${nameOf(context)}" of the component is not initialised: call Init first`;
      throw new StatusError(grpcCode.FAILED_PRECONDITION, message, [packDetail(ErrorInfoSchema, notInitialised)]);
    },
    async [Symbol.asyncDispose]() {
      const all = [...instances.values()];
      instances.clear();
      objects.clear();
      await Promise.all(all.map(({ object }) => closeOf(object)));
    },
  };
}

function nameOf(context: CallContext): string {
  const name = context.metadata[instanceHeader];
  return (typeof name === 'string' ? name : name?.[0]) ?? '';
}
