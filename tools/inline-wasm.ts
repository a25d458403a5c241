import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Plugin } from 'esbuild';

const reading = /readFileSync\(new URL\((['"])([^'"]+\.wasm)\1, import\.meta\.url\)\)/g;

/** Puts WebAssembly that a library reads from beside itself into the bundle, where that file would not be. */
export const inlineWasm: Plugin = {
  name: 'inline-wasm',
  setup(build) {
    build.onLoad({ filter: /node_modules\/.*wasm.*\.js$/ }, ({ path: file }) => {
      const contents = readFileSync(file, 'utf8').replace(reading, (_, __, wasm: string) => {
        const bytes = readFileSync(path.resolve(path.dirname(file), wasm)).toString('base64');
        return `Buffer.from('${bytes}', 'base64')`;
      });
      return { contents, loader: 'js' };
    });
  },
};
