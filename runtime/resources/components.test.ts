import type { SecretStore } from '#contracts/secret.ts';
import type { StateStore } from '#contracts/state.ts';
import { component } from '#crds/component.ts';
import { createLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import type { Kind } from '../blocks/kind.ts';
import { secretKind } from '../blocks/secrets/kind.ts';
import { stateKind } from '../blocks/state/kind.ts';
import type { HostedComponent } from '../hosts/host.ts';
import { createRegistry } from '../registry.ts';
import { logName, refuseDuplicates } from './component-names.ts';
import { createComponentLoader, type LoaderOptions } from './components.ts';

const manifest = (name: string, type: string, spec: Record<string, unknown> = {}, more: Record<string, unknown> = {}) =>
  component.parse({ kind: 'Component', metadata: { name }, spec: { type, ...spec }, ...more });

const secrets: SecretStore = {
  traits: [],
  get: async () => ({ redis: 'hunter2' }),
  bulkGet: async () => ({}),
  async [Symbol.asyncDispose]() {},
};
const store = (closed: () => void = () => {}): StateStore => ({
  ...({ traits: [], get: async () => undefined, set: async () => {}, delete: async () => {} } as const),
  [Symbol.asyncDispose]: async () => closed(),
});

function setUp(open: (spec: HostedComponent) => AsyncDisposable | Promise<AsyncDisposable>) {
  const lines: string[] = [];
  const opened: HostedComponent[] = [];
  const reports: [string, string | undefined][] = [];
  const log = createLogger({
    scope: 'test',
    level: 'info',
    format: (_time, level, message) => `${level} ${message}`,
    write: (line) => void lines.push(line),
  });
  const registry = createRegistry();
  const options: LoaderOptions = {
    kinds: [stateKind as Kind, secretKind as Kind],
    registry,
    world: { appId: 'shop', namespace: 'default', podName: '', env: {}, operatorResolves: false, log },
    keyNamespace: '',
    open: async (spec) => {
      opened.push(spec);
      return open(spec);
    },
    guard: () => undefined,
    observe: () => undefined,
    report: ({ metadata }, problem) => void reports.push([metadata.name, problem?.message]),
    log,
    signal: new AbortController().signal,
  };
  return { lines, opened, reports, registry, loader: createComponentLoader(options) };
}

describe('loading components', () => {
  it('opens secret stores first and fills in what they hold', async () => {
    const { loader, opened, registry, lines } = setUp(({ type }) => (type.startsWith('secret') ? secrets : store()));
    const pair = { name: 'password', secretKeyRef: { name: 'redis' } };
    await loader.loadAll([
      manifest('orders', 'state.redis', { metadata: [pair] }, { auth: { secretStore: 'vault' } }),
      manifest('vault', 'secretstores.local.file'),
    ]);
    expect(opened.map(({ name, metadata }) => [name, metadata])).toEqual([
      ['vault', {}],
      ['orders', { password: 'hunter2' }],
    ]);
    expect(registry.of(stateKind).get('orders')?.component.prefix).toBe('shop||');
    expect(lines).toContain('info Component loaded: orders (state.redis/v1)');
  });

  it('leaves a component out whose secret store never comes, and reports it', async () => {
    const { loader, opened, reports } = setUp(() => store());
    const pair = { name: 'password', secretKeyRef: { name: 'redis' } };
    await loader.loadAll([manifest('orders', 'state.redis', { metadata: [pair] }, { auth: { secretStore: 'vault' } })]);
    expect(opened).toEqual([]);
    expect(reports).toEqual([['orders', "Component orders references a secret store that isn't loaded: vault"]]);
  });

  it('fails with all names and the reason when a component cannot be opened', async () => {
    const { loader, lines, reports } = setUp(() => Promise.reject(new Error('missing connection string')));
    const why =
      '[INIT_COMPONENT_FAILURE]: initialization error occurred for a (state.sqlite/v1): missing connection string';
    // The words of Dapr's log, which says them twice.
    const twice = `[INIT_COMPONENT_FAILURE]: initialization error occurred for a (state.sqlite/v1): ${why}`;
    await expect(loader.loadAll([manifest('a', 'state.sqlite')])).rejects.toThrow(
      `process component a error: ${twice}`,
    );
    expect(lines).toEqual([
      `error Failed to init component a (state.sqlite/v1): ${why}`,
      `warning Error processing component, daprd will exit gracefully: process component a error: ${twice}`,
    ]);
    expect(reports).toEqual([['a', why]]);
  });

  it('goes on where the component says ignoreErrors', async () => {
    const { loader, registry, lines } = setUp(({ name }) => (name === 'a' ? Promise.reject(new Error('no')) : store()));
    await loader.loadAll([manifest('a', 'state.sqlite', { ignoreErrors: true }), manifest('b', 'state.sqlite')]);
    expect([...registry.of(stateKind).keys()]).toEqual(['b']);
    expect(lines[1]).toMatch(/^error Ignoring error processing component: process component a error: /);
  });

  it('gives up on one that takes too long', async () => {
    const { loader } = setUp(() => new Promise(() => {}));
    await expect(loader.loadAll([manifest('a', 'state.sqlite', { initTimeout: '10ms' })])).rejects.toThrow(
      'init timeout for component a (state.sqlite/v1) exceeded after 0.01s',
    );
  });

  it('refuses a type of no kind', async () => {
    const { loader } = setUp(() => store());
    await expect(loader.loadAll([manifest('w', 'workflow.dapr')])).rejects.toThrow(
      'process component w error: incorrect type workflow.dapr',
    );
  });

  it('puts a new one in place before it answers the former one, still open', async () => {
    const order: string[] = [];
    let made = 0;
    const { loader, registry } = setUp(() => {
      const number = ++made;
      order.push(`open ${number}`);
      return store(() => void order.push(`close ${number}`));
    });
    expect(await loader.load(manifest('a', 'state.sqlite'))).toBeUndefined();
    const former = await loader.load(manifest('a', 'state.sqlite'));
    expect(order).toEqual(['open 1', 'open 2']);
    expect(registry.all()).toHaveLength(1);
    await former!.close();
    const last = loader.unload(manifest('a', 'state.sqlite'));
    expect(registry.all()).toEqual([]);
    await last!.close();
    expect(order).toEqual(['open 1', 'open 2', 'close 1', 'close 2']);
  });
});

describe('refuseDuplicates', () => {
  it('lists every later component of a name with the first', () => {
    const all = [
      manifest('a', 'state.x'),
      manifest('b', 'state.x'),
      manifest('a', 'pubsub.x'),
      manifest('a', 'state.y', { version: 'v2' }),
    ];
    expect(() => refuseDuplicates(all)).toThrow(
      'failed to load components: duplicate definition of Component name a (pubsub.x/v1) with existing a (state.x/v1)\n' +
        'duplicate definition of Component name a (state.y/v2) with existing a (state.x/v1)',
    );
    expect(logName(all[3]!)).toBe('a (state.y/v2)');
  });
});
