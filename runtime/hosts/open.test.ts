import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { component as inMemory } from '#components/state/in-memory.ts';
import { type Component, openComponent } from '#contracts/component.ts';
import { openedByInit } from '#contracts/instances.ts';
import type { StateStore } from '#contracts/state.ts';
import { serve } from '#contracts/wire/state.ts';
import { createGrpcServer } from '#kit/grpc/server.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { afterEach, beforeEach, describe, expect, it } from '#kit/testing/test.ts';
import type { HostContext, HostedComponent } from './host.ts';
import { openHosted } from './open.ts';
import { pluggableSockets, socketsFolder } from './pluggable.ts';

let folder: string;
let context: HostContext;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'outrigger-sockets-'));
  const sockets = pluggableSockets(folder, silentLogger);
  context = { log: silentLogger, signal: new AbortController().signal, env: {}, sockets };
});
afterEach(() => rmSync(folder, { recursive: true }));

const value = new Uint8Array([1]);
const open = async (spec: Partial<HostedComponent>) =>
  (await openHosted(
    { name: 'store', type: 'state.in-memory', version: '', metadata: {}, ...spec },
    context,
  )) as StateStore;

/** A pluggable state store on a socket of that name, as a user might write one. */
async function pluggable(socket: string, component: Component = inMemory) {
  const opening = { name: 'far', log: silentLogger, signal: new AbortController().signal, env: {} };
  const instances = openedByInit(
    async (properties) => (await openComponent(component, properties, opening)) as StateStore,
  );
  const server = await createGrpcServer({ services: serve(instances), log: silentLogger, reflection: true });
  await server.listenSocket(path.join(folder, socket));
  return server;
}

describe('openHosted', () => {
  it('opens a component in this process by type in any case, no version meaning v1', async () => {
    await using store = await open({ type: 'State.In-Memory' });
    await store.set({ key: 'k', value });
    expect((await store.get({ key: 'k' }))?.data).toHaveLength(1);
  });

  it('names the type it does not know and the one that was perhaps meant', async () => {
    await expect(open({ type: 'state.sqlit', version: 'v1' })).rejects.toMatchObject({
      key: 'component-unknown',
      message: "couldn't find state store state.sqlit/v1: did you mean state.sqlite/v1?",
    });
  });

  it('finds a pluggable component by reflection, under the name of its socket', async () => {
    await using _server = await pluggable('mine.sock');
    await using store = await open({ type: 'state.mine' });
    await store.set({ key: 'k', value });
    expect((await store.get({ key: 'k' }))?.etag).toBeDefined();
    expect(store.traits).toEqual(['ETAG', 'TTL']);
  });

  it('reaches the container of a component by the socket named after the component', async () => {
    await using _server = await pluggable('store.sock');
    await using store = await open({ host: 'container' });
    await expect(store.ping!()).resolves.toBeUndefined();
  });

  it('says what may be wrong while a container has no socket, and goes on when it has', async () => {
    const warned = Promise.withResolvers<string>();
    context = { ...context, log: { ...silentLogger, warn: warned.resolve } };
    const opening = open({ host: 'container' });
    expect(await warned.promise).toContain('if this pod is older, make it anew');
    await using _server = await pluggable('store.sock');
    await using store = await opening;
    await expect(store.ping!()).resolves.toBeUndefined();
  });

  it('initialises a component again that was restarted', async () => {
    const first = await pluggable('mine.sock');
    await using store = await open({ type: 'state.mine' });
    await store.set({ key: 'k', value });
    await first[Symbol.asyncDispose]();
    await using _second = await pluggable('mine.sock');
    expect(await store.get({ key: 'k' })).toBeUndefined();
    await store.set({ key: 'k', value });
    expect(await store.get({ key: 'k' })).toBeDefined();
  });

  it('calls a remote component at its endpoints', async () => {
    await using _server = await pluggable('far.sock');
    const annotations = { 'outrigger.dev/endpoints': `unix:${path.join(folder, 'far.sock')}` };
    await using store = await open({ host: 'remote', annotations });
    await expect(store.get({ key: 'none' })).resolves.toBeUndefined();
    await expect(open({ host: 'remote' })).rejects.toThrow('outrigger.dev/endpoints is missing');
  });

  it('refuses to take a kind without a wire contract out of the process', async () => {
    await expect(open({ type: 'nameresolution.mdns', host: 'process' })).rejects.toThrow("in the sidecar's process");
  });

  it('passes on what is wrong with the settings, wherever the component runs', async () => {
    const { component } = await import('#components/state/sqlite.ts');
    await using _server = await pluggable('mine.sock', component);
    await expect(open({ type: 'state.mine' })).rejects.toThrow('missing connection string');
  });
});

describe('socketsFolder', () => {
  it('knows both spellings of the variable', () => {
    expect(socketsFolder({ DAPR_COMPONENTS_SOCKETS_FOLDER: '/a' })).toBe('/a');
    expect(socketsFolder({ DAPR_COMPONENT_SOCKETS_FOLDER: '/b' })).toBe('/b');
    expect(socketsFolder({})).toBe('/tmp/dapr-components-sockets');
  });
});
