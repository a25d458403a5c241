import { fault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import { type Implementation, implement } from '#kit/grpc/service.ts';
import { StatusError } from '#kit/grpc/status.ts';
import type { Transport } from '#kit/grpc/transport.ts';
import { SecretStore as SecretStoreService } from '#proto/dapr/proto/components/v1/secretstore_pb.js';
import type { Instances } from '../instances.ts';
import type { SecretStore, SecretTrait } from '../secret.ts';
import type { AttachOptions } from './attach.ts';

const traits: readonly SecretTrait[] = ['MULTIPLE_KEY_VALUES_PER_SECRET'];

/** The secret store service of components.v1, as a pluggable component offers it. */
export function serve(instances: Instances<SecretStore>): Implementation[] {
  return [
    implement(SecretStoreService, {
      async init(request, context) {
        await instances.init(request.metadata?.properties ?? {}, context);
        return {};
      },
      features: async (_, context) => ({ features: [...instances.of(context).traits] }),
      async ping(_, context) {
        await instances.of(context).ping?.(context.signal);
        return {};
      },
      async get({ key: name, metadata }, context) {
        return { data: { ...(await instances.of(context).get({ name, metadata }, context.signal)) } };
      },
      async bulkGet({ metadata }, context) {
        const all = await instances.of(context).bulkGet({ metadata }, context.signal);
        const data = Object.entries(all).map(([name, secrets]) => [name, { secrets: { ...secrets } }]);
        return { data: Object.fromEntries(data) };
      },
    }),
  ];
}

/** Initialises the store behind a transport and returns it as an object. */
export async function attach(transport: Transport, { properties, signal }: AttachOptions): Promise<SecretStore> {
  const { method } = SecretStoreService;
  await transport.unary(method.init, { metadata: { properties: { ...properties } } }, { signal });
  const { features } = await transport.unary(method.features, {}, { signal });
  return {
    traits: traits.filter((trait) => features.includes(trait)),
    async get({ name, metadata }, signal) {
      try {
        return (await transport.unary(method.get, { key: name, metadata: { ...metadata } }, { signal })).data;
      } catch (error) {
        if (!(error instanceof StatusError) || error.code !== grpcCode.NOT_FOUND) throw error;
        throw fault('not-found', error.message, { cause: error });
      }
    },
    async bulkGet({ metadata }, signal) {
      const { data } = await transport.unary(method.bulkGet, { metadata: { ...metadata } }, { signal });
      return Object.fromEntries(Object.entries(data).map(([name, { secrets }]) => [name, secrets]));
    },
    async ping(signal) {
      await transport.unary(method.ping, {}, { signal });
    },
    async [Symbol.asyncDispose]() {},
  };
}
