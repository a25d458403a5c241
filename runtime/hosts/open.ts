import { existsSync } from 'node:fs';
import path from 'node:path';
import { components } from '#components/index.ts';
import { openComponent } from '#contracts/component.ts';
import { convertersOf } from '#contracts/wire/converters.ts';
import { fault } from '#kit/errors/fault.ts';
import { nearest } from '#kit/values/nearest.ts';
import { annotations, type Host, type HostContext, type HostedComponent } from './host.ts';
import { socketTransport } from './socket.ts';

/** The words for a kind in the error about an unknown type, as Dapr has them. */
const kindNames: Readonly<Record<string, string>> = {
  state: 'state store',
  pubsub: 'message bus',
  bindings: 'binding',
  secretstores: 'secret store',
  configuration: 'configuration store',
  lock: 'lock store',
  nameresolution: 'name resolver',
  middleware: 'HTTP middleware',
};

/** Hosts other than this process, each loaded when first used. */
const hosts = {
  process: async () => (await import('./process.ts')).processHost,
  remote: async () => (await import('./remote.ts')).remoteHost,
  // The injector names the socket of a component's container after the component.
  container: async () => containerHost,
  socket: async () => socketHost,
} as const;

/**
 * Opens a component where it shall run and resolves to the object of its contract. Rejects with `invalid-metadata` for
 * wrong settings, and with `component-unknown` for a type there is no component of.
 */
export async function openHosted(spec: HostedComponent, context: HostContext): Promise<AsyncDisposable> {
  if (spec.host !== undefined && spec.host !== 'in-process')
    return await attach(spec, context, await hosts[spec.host]());
  // A pluggable component takes its type's place, as in Dapr.
  if (spec.host === undefined && (await context.sockets.find(spec.type)))
    return await attach(spec, context, socketHost);
  const load = components[keyOf(spec)];
  if (!load) throw unknown(spec);
  return await openComponent(await load(), spec.metadata, { ...context, name: spec.name });
}

async function attach(spec: HostedComponent, context: HostContext, host: Host): Promise<AsyncDisposable> {
  const converters = await convertersOf(spec.type);
  if (!converters)
    throw fault('invalid-config', `component ${spec.name}: ${spec.type} can only run in the sidecar's process`);
  const transport = await host(spec, context);
  try {
    const { log, signal } = context;
    const object = await converters.attach(transport, { properties: spec.metadata, log, signal });
    return Object.assign(object, { [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose]() });
  } catch (error) {
    await transport[Symbol.asyncDispose]();
    throw error;
  }
}

const socketHost: Host = async (spec, { sockets }) => {
  const socket = await sockets.find(spec.type);
  if (socket === undefined) throw fault('component-unknown', `no socket in ${sockets.folder} serves ${spec.type}`);
  return socketTransport(socket, spec.name);
};

const containerHost: Host = async ({ name }, { sockets, log }) => {
  const socket = path.join(sockets.folder, `${name}.sock`);
  if (!existsSync(socket))
    log.warn(
      `component ${name}: nothing listens on ${socket} yet. Its container is put into pods that are made after the Component asked for it (${annotations.host}): if this pod is older, make it anew`,
    );
  return socketTransport(socket, name);
};

function keyOf({ type, version }: HostedComponent): string {
  const given = version.toLowerCase();
  return `${type}/${given === '' || given === 'v0' ? 'v1' : given}`.toLowerCase();
}

function unknown(spec: HostedComponent) {
  const kind = kindNames[spec.type.split('.')[0]!.toLowerCase()] ?? 'component';
  const meant = nearest(keyOf(spec), Object.keys(components));
  const hint = meant === undefined ? '' : `: did you mean ${meant}?`;
  return fault('component-unknown', `couldn't find ${kind} ${spec.type}/${spec.version || 'v1'}${hint}`);
}
