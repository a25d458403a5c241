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

/** Builds the snapshot of a program of these files in a folder of its own, and hands it over there. */
async function built(files: Readonly<Record<string, string>>, use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'outrigger-snapshot-'));
  try {
    await mkdir(path.join(folder, 'source'));
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, 'source', name), text);
    const shared = { bundle: true, splitting: true, format: 'esm', platform: 'node' } as const;
    await buildSnapshot({
      name: 'program',
      source: path.join(folder, 'source/main.ts'),
      ...('rehearsal.ts' in files ? { rehearsal: './rehearsal.ts' } : {}),
      outdir: path.join(folder, 'built'),
      shared: { ...shared, outExtension: { '.js': '.mjs' } },
    });
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('a snapshot of a program', () => {
  it('runs with the arguments, environment and folder of its process, wherever it has been moved', () =>
    built(program, async (folder) => {
      const moved = path.join(folder, 'moved');
      await rename(path.join(folder, 'built'), moved);
      const flags = [`--snapshot-blob=${path.join(moved, 'program.blob')}`, 'program', 'you'];
      const { stdout } = await run(process.execPath, flags, { cwd: folder, env: { WORD: 'given' } });
      expect(JSON.parse(stdout)).toEqual(['OK you function', 'given', true, folder]);
    }));

  it('sets its timers, whichever there were as it was built', () => {
    const main = `import { performance } from 'node:perf_hooks';
      while (performance.now() < 1_500);
      setTimeout(() => console.log('fired'), 10);`;
    const rehearsal = `export async function rehearse() {
      for (const ms of [100, 300, 60_000]) clearTimeout(setTimeout(() => {}, ms).unref());
      setTimeout(() => {}, 200).unref();
    }`;
    return built({ 'main.ts': main, 'rehearsal.ts': rehearsal }, async (folder) => {
      const { stdout } = await run(process.execPath, [`--snapshot-blob=${folder}/built/program.blob`, 'program']);
      expect(stdout).toBe('fired\n');
    });
  });

  it('has other random numbers in each process', () =>
    built({ 'main.ts': random('console.log([randomUUID(), randomInt(2 ** 40)].join());') }, async (folder) => {
      const start = () => run(process.execPath, [`--snapshot-blob=${folder}/built/program.blob`, 'program']);
      const [one, other] = [await start(), await start()];
      expect(one.stdout).toMatch(/^[-0-9a-f]{36},\d+\n$/);
      const [uuid, number] = one.stdout.split(',');
      expect(other.stdout).not.toContain(uuid);
      expect(other.stdout).not.toContain(number);
    }));

  it.each(['randomUUID()', 'randomInt(9)'])('is not built of one that calls %s as it loads', async (call) => {
    const main = `import { kept } from './early.ts';\nconsole.log(kept);`;
    const files = { 'main.ts': main, 'early.ts': random(`export const kept = ${call};`) };
    await expect(built(files, async () => {})).rejects.toThrow('was called while the snapshot was built');
  });
});

const random = (text: string) => `import { randomInt, randomUUID } from 'node:crypto';\n${text}`;
