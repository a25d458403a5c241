import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
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
  const seen = { out: '', err: '', codes: [] as number[], killed: [] as number[] };
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
    kill: (pid, signal) => void (signal !== 0 && seen.killed.push(pid)),
    onDisconnect: () => {},
  };
  await runCli(world);
  return seen;
}

/** Lets apps run, as far as the CLI's registry knows. */
async function record(...runs: ({ appId: string } & Record<string, unknown>)[]) {
  await mkdir(path.join(home, 'runs'), { recursive: true });
  await Promise.all(runs.map((run) => writeFile(path.join(home, `runs/${run.appId}.json`), JSON.stringify(run))));
}

/** A sidecar that gives one answer to everything and keeps what it was asked. */
async function answering(status: number, body: string) {
  const asked: (string | undefined)[][] = [];
  const server = createServer(async (request, response) => {
    asked.push([request.method, request.url, request.headers['content-type'], await text(request)]);
    response.writeHead(status).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    asked,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

describe('the CLI', () => {
  it('prints its version and the Dapr release it speaks', async () => {
    expect((await cli('--version')).out).toMatch(/^outrigger \d+\.\d+\.\d+ \(speaks Dapr 1\.18\.\d+\)\n$/);
  });

  it('prints them for programs too', async () => {
    const { out } = await cli('version', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject([
      { what: 'outrigger' },
      { what: 'dapr', version: expect.stringMatching(/^1\.18\./) },
    ]);
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

  it('stops an app by its name, as a flag too, and those of a run file that run, each process once', async () => {
    await record({ appId: 'shop', pid: 7 }, { appId: 'till', pid: 7 }, { appId: 'lone', pid: 8 });
    expect((await cli('stop', '--app-id', 'lone')).killed).toEqual([8]);
    const file = path.join(home, 'dapr.yaml');
    await writeFile(
      file,
      JSON.stringify({ version: 1, apps: ['shop', 'till', 'over'].map((appDirPath) => ({ appDirPath })) }),
    );
    expect(await cli('stop', '-f', home)).toMatchObject({
      killed: [7],
      out: 'stopping shop\nstopping till\n',
      codes: [0],
    });
    await rm(path.join(home, 'runs'), { recursive: true });
    expect(await cli('stop', '-f', file)).toMatchObject({
      err: `outrigger: no app of ${file} runs here: shop, till, over\n`,
      codes: [0],
    });
    expect((await cli('stop')).err).toContain('name an app to stop');
  });

  it('invokes a method of an app by its sidecar and prints the answer', async () => {
    await using sidecar = await answering(200, '{"orderId":"42"}');
    await record({ appId: 'shop', pid: 7, ports: { http: sidecar.port } });
    const { out } = await cli('invoke', '-a', 'shop', '-m', 'orders/7', '--verb', 'put', '-d', '{"a":1}');
    expect(out).toBe('{"orderId":"42"}\n');
    expect(sidecar.asked).toEqual([['PUT', '/v1.0/invoke/shop/method/orders/7', 'application/json', '{"a":1}']]);
    expect((await cli('invoke', '-a', 'till', '-m', 'x')).err).toContain('no app "till" runs here');
    expect((await cli('invoke', '-a', 'shop', '-m', 'x', '-d', '1', '-f', 'a')).err).toContain('give one of them');
  });

  it('publishes as an app, a whole CloudEvent as what it is', async () => {
    await using sidecar = await answering(204, '');
    await record({ appId: 'shop', pid: 7, ports: { http: sidecar.port } });
    const publish = ['publish', '--publish-app-id', 'shop', '--pubsub', 'bus', '--topic', 'a b'];
    const event = JSON.stringify({ id: '1', source: 's', specversion: '1.0', type: 't', data: 1 });
    await cli(...publish, '--data', '1', '--metadata', '{"ttlInSeconds":"10"}');
    await cli(...publish, '--data', event);
    expect(sidecar.asked).toEqual([
      ['POST', '/v1.0/publish/bus/a%20b?metadata.ttlInSeconds=10', 'application/json', '1'],
      ['POST', '/v1.0/publish/bus/a%20b', 'application/cloudevents+json', event],
    ]);
    expect((await cli(...publish, '--metadata', '[]')).err).toContain('--metadata=[]: must be a JSON object');
  });

  it('says what the sidecar had against a call', async () => {
    await using sidecar = await answering(404, '{"errorCode":"ERR_PUBSUB_NOT_FOUND"}');
    await record({ appId: 'shop', pid: 7, ports: { http: sidecar.port } });
    const { err, codes } = await cli('publish', '-i', 'shop', '-p', 'bus', '-t', 'a');
    expect(err).toContain('answered 404: {"errorCode":"ERR_PUBSUB_NOT_FOUND"}');
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
    const { err, codes } = await cli('completion');
    expect(err).toBe(
      "outrigger: missing required argument 'shell'\nRun 'outrigger help', or the command with --help, for what there is.\n",
    );
    expect(codes).toEqual([1]);
  });
});
