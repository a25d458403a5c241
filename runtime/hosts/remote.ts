import { instanceHeader } from '#contracts/instances.ts';
import { fault } from '#kit/errors/fault.ts';
import { connect } from '#kit/grpc/client.ts';
import { dnsResolver, parseTarget, type Resolver } from '#kit/grpc/target.ts';
import { isTruthy } from '#kit/values/truthy.ts';
import { annotations, type Host } from './host.ts';
import { lasting } from './lasting.ts';

const maxReceiveBytes = 64 * 1024 * 1024;

/** Reaches a component that runs elsewhere, at one or more endpoints in turn. Every endpoint is a whole component. */
export const remoteHost: Host = async ({ name, annotations: given = {} }) => {
  const text = given[annotations.endpoints] ?? '';
  if (text.trim() === '')
    throw fault('invalid-metadata', `component ${name}: annotation ${annotations.endpoints} is missing`);
  const resolvers = text.split(',').map((endpoint) => resolverOf(endpoint.trim()));
  return lasting(
    connect({
      target: async () => (await Promise.all(resolvers.map((resolve) => resolve()))).flat(),
      balance: 'round-robin',
      metadata: { [instanceHeader]: name },
      maxReceiveBytes,
      ...(isTruthy(given[annotations.endpointsTls]) && { tls: { material: () => ({}) } }),
    }),
  );
};

function resolverOf(endpoint: string): Resolver {
  const address = parseTarget(endpoint);
  if (endpoint.startsWith('dns:') && 'host' in address) return dnsResolver(address.host, address.port);
  return async () => [address];
}
