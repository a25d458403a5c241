import process from 'node:process';
import type { Plugin } from 'esbuild';

const namespace = 'node-module';

/**
 * Gives a bundle Node's own modules without an `import` of them: that would read all that a module exports, to name it,
 * and so `node:http` would load the whole of Node's fetch (20 ms of a start). What is not used is left out; each
 * importer has names of its own, as files shared between chunks cost time as well.
 */
export const nodeModulesDirect: Plugin = {
  name: namespace,
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path, kind, importer }) =>
      kind === 'import-statement' ? { path, namespace, suffix: `?${importer}`, sideEffects: false } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace }, ({ path }) => ({ contents: source(path) }));
  },
};

function source(name: string): string {
  const names = Object.keys(process.getBuiltinModule(name) ?? {});
  const exported = names.filter((key) => /^[A-Za-z_$][\w$]*$/.test(key) && key !== 'default');
  return [
    `const own = process.getBuiltinModule(${JSON.stringify(name)});`,
    'export default own;',
    ...exported.map((key) => `export const ${key} = /* @__PURE__ */ (() => own.${key})();`),
  ].join('\n');
}
