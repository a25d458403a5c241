import type { Plugin } from 'esbuild';

const namespace = 'lazy-commonjs';

/**
 * Lets `await import('library')` of a CommonJS library yield its named exports in a bundle as it does in Node; esbuild
 * alone gives `default` only once bundles are split.
 */
export const lazyCommonJs: Plugin = {
  name: namespace,
  setup(build) {
    build.onResolve({ filter: /^[a-z@]/ }, async ({ path, kind, resolveDir, pluginData }) => {
      if (kind !== 'dynamic-import' || pluginData === namespace || path.startsWith('node:')) return undefined;
      const names = await exportsOf(path);
      return names.includes('module.exports') ? { path, namespace, pluginData: { names, resolveDir } } : undefined;
    });
    build.onLoad({ filter: /.*/, namespace }, ({ path, pluginData: { names, resolveDir } }) => {
      const named = (names as string[]).filter((name) => /^[A-Za-z_$][\w$]*$/.test(name) && name !== 'default');
      const library = JSON.stringify(path);
      const contents = `const library = require(${library}); export default library; export const { ${named.join(', ')} } = library;`;
      return { contents, resolveDir: resolveDir as string };
    });
  },
};

async function exportsOf(specifier: string): Promise<string[]> {
  try {
    return Object.keys((await import(specifier)) as object);
  } catch {
    // Not installed, or not for Node: esbuild says so itself.
    return [];
  }
}
