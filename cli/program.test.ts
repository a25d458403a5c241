import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '#kit/testing/test.ts';
import { runCli } from './program.ts';
import type { CliWorld } from './world.ts';

/** Where the CLI keeps what runs. */
let home: string;
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'outrigger-cli-'));
});
afterEach(() => rm(home, { recursive: true }));

async function cli(...argv: string[]) {
  const seen = { out: '', err: '', codes: [] as number[] };
  const world: CliWorld = {
    argv,
    env: { OUTRIGGER_HOME: home },
    cwd: '/',
    pid: 1,
    node: { path: '', flags: [], script: '' },
    stdout: { write: (text) => (seen.out += text) },
    stderr: { write: (text) => (seen.err += text) },
    exit: (code) => void seen.codes.push(code),
    on: () => {},
    kill: () => {},
    onDisconnect: () => {},
  };
  await runCli(world);
  return seen;
}

describe('the CLI', () => {
  it('prints its version and the Dapr release it speaks', async () => {
    expect((await cli('--version')).out).toMatch(/^outrigger \d+\.\d+\.\d+ \(speaks Dapr 1\.18\.\d+\)\n$/);
  });

  it('suggests the command that was meant', async () => {
    const { err, codes } = await cli('rnu');
    expect(err).toContain('Did you mean run?');
    expect(codes).toEqual([1]);
  });

  it('names every bad flag of run at once', async () => {
    const { err, codes } = await cli('run', '--app-port', 'x', '--metrics-port', 'y', '--', 'node', 'app.js');
    expect(err).toContain(
      'outrigger: --app-port=x: must be a whole number\noutrigger: --metrics-port=y: must be a whole number',
    );
    expect(err).toContain('--app-id: give the app a name');
    expect(codes).toEqual([1]);
  });

  it('says how apps get into a cluster to whom asks run for it', async () => {
    expect((await cli('run', '-k', '-f', 'dapr.yaml')).err).toContain('outrigger install');
  });

  it('lists nothing as words for people and as an empty list for programs', async () => {
    expect((await cli('list')).out).toContain('No app runs here');
    expect(JSON.parse((await cli('list', '-o', 'json')).out)).toEqual([]);
  });

  it('says which app does not run when asked to stop it', async () => {
    const { err, codes } = await cli('stop', 'shop');
    expect(err).toContain('no app "shop" runs here');
    expect(codes).toEqual([1]);
  });

  it('lists components for people and programs', async () => {
    expect((await cli('components')).out).toMatch(/TYPE +VERSION +TITLE\n/);
    const types = JSON.parse((await cli('components', 'list', '-o', 'json')).out).map(
      (row: { type: string }) => row.type,
    );
    expect(types).toContain('state.redis');
  });

  it('describes a component and suggests the one that was meant', async () => {
    expect((await cli('components', 'describe', 'state.redis')).out).toMatch(/redisHost +text +required/);
    const { err, codes } = await cli('components', 'describe', 'state.reddis');
    expect(err).toContain('did you mean state.redis?');
    expect(codes).toEqual([1]);
  });

  it('explains a call by the sidecar’s own program', async () => {
    const files = ['--app-id', 'shop', '--resources-path', home];
    const { out } = await cli('explain', 'app', 'till', ...files);
    expect(out).toMatch(/retry +DaprBuiltInServiceRetries +built in +policy=constant .*\n/);
    expect(out).toContain(`Read from ${home}.\n`);
    const asked = await cli('explain', 'access', '/pay', ...files, '--from', 'shop', '-o', 'json');
    expect(JSON.parse(asked.out)).toEqual({ about: 'access', allowed: true, by: 'global', from: home });
  });

  it('explains with the files of an app that runs here, and says where none does', async () => {
    const resources = path.join(home, 'resources');
    await mkdir(resources);
    const spec = { policies: { timeouts: { short: '2s' } }, targets: { apps: { till: { timeout: 'short' } } } };
    const manifest = { kind: 'Resiliency', metadata: { name: 'calm' }, spec };
    await writeFile(path.join(resources, 'calm.yaml'), JSON.stringify(manifest));
    const files = { resourcesPaths: [resources], configs: [], appProtocol: 'http' };
    await mkdir(path.join(home, 'runs'));
    await writeFile(path.join(home, 'runs/shop.json'), JSON.stringify({ appId: 'shop', pid: 7, files }));
    const { out } = await cli('explain', 'app', 'till', '--app-id', 'shop');
    expect(out).toMatch(/timeout +short +calm +2s\n/);
    expect(out).toContain('Read from the files of the running app (pid 7)');
    const { err, codes } = await cli('explain', 'app', 'till', '--app-id', 'other');
    expect(err).toContain('no app "other" runs here');
    expect(codes).toEqual([1]);
  });

  it('says which Configuration cannot be read', async () => {
    const { err, codes } = await cli(
      'explain',
      'access',
      '/pay',
      '--app-id',
      'a',
      '--from',
      'b',
      '--config',
      'none.yaml',
    );
    expect(err).toContain('cannot read /none.yaml: ENOENT');
    expect(codes).toEqual([1]);
  });

  it.each(['bash', 'zsh', 'fish'])('prints a completion script for %s', async (shell) => {
    const { out } = await cli('completion', shell);
    expect(out).toContain('app-id');
    expect(out).toContain('explain access');
  });

  it('says who complains, and where to read on, where the line is wrong', async () => {
    const { err, codes } = await cli('stop');
    expect(err).toBe(
      "outrigger: missing required argument 'app-id'\nRun 'outrigger help', or the command with --help, for what there is.\n",
    );
    expect(codes).toEqual([1]);
  });
});
