/**
 * Read by Node as it builds the snapshot of a bundle: loads what the program needs to start, and has a process that
 * starts from the snapshot run its main. Chunks that were not loaded here are read when they are wanted, from the folder
 * that the snapshot lies in.
 */
'use strict';
const crypto = require('node:crypto');
const { readFileSync } = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { queryObjects, setFlagsFromString, startupSnapshot } = require('node:v8');
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
  evaluate(chunk.exports, chunk, (id) => (id.startsWith('./') ? load(id.slice(2)) : require(id)), bundle);
  return chunk.exports;
}

// Node keeps random bytes in store for these: those of the snapshot would be every process's.
const { randomInt, randomUUID } = crypto;
const afterBuilding =
  (actual) =>
  (...given) => {
    if (startupSnapshot.isBuildingSnapshot()) throw new Error(`${actual.name} was called while the snapshot was built`);
    return actual(...given);
  };
Object.assign(crypto, { randomInt: afterBuilding(randomInt), randomUUID: afterBuilding(randomUUID) });

/** Flags of V8 for the program's whole life, none of them among those that NODE_OPTIONS may hold. */
const flags = [
  '--heap-growing-percent=20',
  '--incremental-marking-soft-trigger=20',
  // It would collect some seconds after work has stopped, which the program does by itself (kit/lifecycle/heap.ts).
  '--no-memory-reducer',
  // Not worth compiling for a few uses: that by which node:net tells IPv6 addresses takes 5 ms.
  '--regexp-tier-up-ticks=50',
  '--no-regexp-peephole-optimization',
];

/** Not while it starts: hardly anything runs often enough to be compiled well, or leaves much to collect. */
const whileStarting = ['sparkplug', 'maglev', 'turbofan', 'regexp-optimization', 'parallel-scavenge'];
const startMs = 500;

// Timers that were there when the snapshot was taken, unreferenced ones even if they have been cleared, would keep those
// of the process from being set. So none is unreferenced, and at the end one fires when no other is left.
const timers = Object.getPrototypeOf(setTimeout(() => {}, 1));
const { unref } = timers;
timers.unref = function () {
  return this;
};
process.once('beforeExit', () => setTimeout(() => {}, 1));

const { main, rehearse } = load('preload.cjs');
if (rehearse) {
  // Forgets compiled code, most of which ran for the only time: under this flag each full collection does, and such a
  // query begins with one.
  setFlagsFromString('--stress-flush-code');
  queryObjects(class {});
  setFlagsFromString('--no-stress-flush-code');
  void rehearse();
}
startupSnapshot.addSerializeCallback(() => {
  Object.assign(crypto, { randomInt, randomUUID });
  timers.unref = unref;
});
startupSnapshot.setDeserializeMainFunction(() => {
  const flag = process.execArgv.find((word) => word.startsWith('--snapshot-blob='));
  bundle.folder = path.resolve(path.dirname(flag.slice('--snapshot-blob='.length)));
  for (const one of flags) setFlagsFromString(one);
  for (const name of whileStarting) setFlagsFromString(`--no-${name}`);
  const started = () => {
    for (const name of whileStarting) setFlagsFromString(`--${name}`);
  };
  setTimeout(started, startMs).unref();
  main();
});
