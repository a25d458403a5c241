/**
 * Read by Node as it builds the snapshot of a bundle: loads what the program needs to start, and has a process that
 * starts from the snapshot run its main. Chunks that were not loaded here are read when they are wanted, from the folder
 * that the snapshot lies in.
 */
'use strict';
const { readFileSync } = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { setFlagsFromString, startupSnapshot } = require('node:v8');
const { compileFunction } = require('node:vm');

/** Where the bundle lies: another place when it runs than when it is built. `import.meta` in the chunks. */
const bundle = {
  folder: __dirname,
  get url() {
    return pathToFileURL(path.join(this.folder, 'main.cjs')).href;
  },
};
const chunks = new Map();

function load(name) {
  const known = chunks.get(name);
  if (known) return known.exports;
  const chunk = { exports: {} };
  chunks.set(name, chunk);
  const filename = path.join(bundle.folder, name);
  const parameters = ['exports', 'module', 'require', '__bundle'];
  const evaluate = compileFunction(readFileSync(filename, 'utf8'), parameters, { filename });
  evaluate(chunk.exports, chunk, (id) => (id.startsWith('./') ? load(path.normalize(id)) : require(id)), bundle);
  return chunk.exports;
}

const { main } = load('preload.cjs');
startupSnapshot.setDeserializeMainFunction(() => {
  const flag = process.execArgv.find((word) => word.startsWith('--snapshot-blob='));
  bundle.folder = path.resolve(path.dirname(flag.slice('--snapshot-blob='.length)));
  // Not flags that NODE_OPTIONS may hold.
  setFlagsFromString('--heap-growing-percent=20');
  setFlagsFromString('--incremental-marking-soft-trigger=20');
  main();
});
