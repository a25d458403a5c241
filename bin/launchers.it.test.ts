import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { describe, expect, it } from '#kit/testing/test.ts';

const bin = (name: string) => path.join(import.meta.dirname, name);

function launch(name: string, args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(bin(name), args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  return once(child, 'close').then(([code, signal]) => ({ code, signal, said: String(Buffer.concat(said)) }));
}

describe('a launcher', () => {
  it('starts without anything in its environment', async () => {
    expect(await launch('daprd', ['--version'])).toMatchObject({ code: 0, said: '1.18.0\n' });
  });

  it('keeps compiled code in the cache of its user', async () => {
    const caches = await mkdtemp(path.join(tmpdir(), 'outrigger-'));
    try {
      await launch('outrigger', ['--version'], { XDG_CACHE_HOME: caches });
      expect(await readdir(path.join(caches, 'outrigger/compiled'))).toHaveLength(1);
    } finally {
      await rm(caches, { recursive: true });
    }
  });

  it('does without a cache that cannot be written', async () => {
    const ended = launch('daprd', ['--version'], { XDG_CACHE_HOME: bin('daprd') });
    expect(await ended).toMatchObject({ code: 0, said: '1.18.0\n' });
  });
});

describe('an early signal', () => {
  const run = (program: string) => {
    const preload = ['--require', bin('early-signals.cjs')];
    return once(spawn(process.execPath, [...preload, '--eval', program], { stdio: 'inherit' }), 'exit');
  };
  const signalled = "process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1_000);";

  it('ends a program in good order that does not listen yet', async () => {
    expect(await run(signalled)).toEqual([0, null]);
  });

  it('is left to a program that listens', async () => {
    expect(await run(`process.on('SIGTERM', () => process.exit(5)); ${signalled}`)).toEqual([5, null]);
  });
});
