import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { describe, expect, it } from '#kit/testing/test.ts';
import { buildSnapshot } from './build.ts';

const run = promisify(execFile);

const program = {
  'main.ts': `
    import { greeting } from './greeting.ts';
    const { argv, env } = process;
    void (async () => {
      const { later } = await import('./later.ts');
      console.log(JSON.stringify([greeting(argv[2]), env['WORD'], await later(), process.cwd()]));
    })();`,
  'greeting.ts': `
    import { STATUS_CODES, createServer } from 'node:http';
    const word = STATUS_CODES[200];
    export const greeting = (name) => [word, name, typeof createServer].join(' ');`,
  'later.ts': `
    import { existsSync } from 'node:fs';
    export const later = async () => existsSync(import.meta.dirname + '/program.blob');`,
};

describe('a snapshot of a program', () => {
  it('runs with the arguments, environment and folder of its process, wherever it has been moved', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'outrigger-snapshot-'));
    try {
      await mkdir(path.join(folder, 'source'));
      for (const [name, text] of Object.entries(program)) await writeFile(path.join(folder, 'source', name), text);
      const [built, moved] = [path.join(folder, 'built'), path.join(folder, 'moved')];
      const shared = { bundle: true, splitting: true, format: 'esm', platform: 'node' } as const;
      const source = path.join(folder, 'source/main.ts');
      await buildSnapshot({
        name: 'program',
        source,
        outdir: built,
        shared: { ...shared, outExtension: { '.js': '.mjs' } },
      });
      await rename(built, moved);
      const flags = [`--snapshot-blob=${path.join(moved, 'program.blob')}`, 'program', 'you'];
      const { stdout } = await run(process.execPath, flags, { cwd: folder, env: { WORD: 'given' } });
      expect(JSON.parse(stdout)).toEqual(['OK you function', 'given', true, folder]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
