import process from 'node:process';
import type { Plugin } from 'esbuild';

const namespace = 'deferred-module';

/** Node's own modules whose state a snapshot cannot hold (or is not known to): loaded by the process that needs them. */
const deferred = ['http', 'http2', 'https', 'tls', 'sqlite', 'child_process', 'worker_threads'];

/** Plain data of theirs that modules read as they are loaded. */
const data: Readonly<Record<string, readonly string[]>> = {
  'node:http': ['METHODS', 'STATUS_CODES'],
  'node:http2': ['constants'],
};

/** Stands in for modules that a snapshot cannot hold: what they export is fetched when it is first used. */
export const deferredModules: Plugin = {
  name: namespace,
  setup(build) {
    build.onResolve({ filter: new RegExp(`^(node:)?(${deferred.join('|')})$`) }, ({ path, kind }) =>
      kind === 'dynamic-import'
        ? undefined
        : { path: `node:${path.replace('node:', '')}`, namespace, sideEffects: false },
    );
    build.onLoad({ filter: /.*/, namespace }, ({ path }) => ({ contents: source(path) }));
  },
};

function source(name: string): string {
  const actual = process.getBuiltinModule(name) as unknown as Record<string, unknown>;
  const members = Object.keys(actual).map((key) =>
    data[name]?.includes(key)
      ? `${JSON.stringify(key)}: ${JSON.stringify(actual[key])}`
      : `get ${JSON.stringify(key)}() { return process.getBuiltinModule(${JSON.stringify(name)})[${JSON.stringify(key)}]; }`,
  );
  return `module.exports = { ${members.join(',\n')} };`;
}
