import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { eventually } from '../eventually.ts';
import { freePorts } from '../ports.ts';
import { start } from '../process.ts';
import { startRedis } from '../redis.ts';
import { type SdkPrograms, sdkPrograms } from './programs.ts';

const daprd = path.resolve(import.meta.dirname, '../../bin/daprd');
const at = '127.0.0.1';
const languages = ['javascript', 'go', 'python'] as const;
type Language = (typeof languages)[number];
const named: Record<Language, string> = { javascript: 'JavaScript', go: 'Go', python: 'Python' };

let stack: AsyncDisposableStack;
/** Where each app's sidecar has its HTTP API. */
const apis = new Map<Language, string>();

const component = (name: string, type: string, metadata: Record<string, string>) =>
  JSON.stringify({
    kind: 'Component',
    metadata: { name },
    spec: { type, version: 'v1', metadata: Object.entries(metadata).map(([key, value]) => ({ name: key, value })) },
  });

/** Three apps, each of another SDK and beside a sidecar of ours; a real Redis keeps state and carries messages. */
beforeAll(async () => {
  stack = new AsyncDisposableStack();
  const programs = await sdkPrograms(process.execPath);
  const folder = await mkdtemp(path.join(tmpdir(), 'sdk-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const { port } = stack.use(await startRedis());
  const resources = path.join(folder, 'resources');
  await mkdir(resources);
  const redisHost = `${at}:${port}`;
  await writeFile(path.join(folder, 'secrets.json'), JSON.stringify({ word: 'xyzzy' }));
  await writeFile(path.join(resources, 'store.yaml'), component('store', 'state.redis', { redisHost }));
  await writeFile(path.join(resources, 'bus.yaml'), component('bus', 'pubsub.redis', { redisHost }));
  const secretsFile = path.join(folder, 'secrets.json');
  await writeFile(
    path.join(resources, 'secrets.yaml'),
    component('secrets', 'secretstores.local.file', { secretsFile }),
  );
  const internal = await freePorts(languages.length);
  const apps = languages.map((language, i) => `${language}=${at}:${internal[i]}`).join(',');
  const spec = { nameResolution: { component: 'static', configuration: { apps } } };
  await writeFile(path.join(folder, 'config.yaml'), JSON.stringify({ kind: 'Configuration', spec }));
  await Promise.all(languages.map((language, i) => startApp(language, programs, folder, internal[i]!)));
});

afterAll(() => stack?.disposeAsync());

async function startApp(language: Language, programs: SdkPrograms, folder: string, internal: number): Promise<void> {
  const [app, http, grpc] = (await freePorts(3)) as [number, number, number];
  const log = (who: string) => ({ log: path.join(folder, `${language}-${who}.log`) });
  stack.use(
    start(
      `${language} sidecar`,
      daprd,
      [
        ...[
          `--app-id=${language}`,
          `--app-port=${app}`,
          `--app-protocol=${language === 'javascript' ? 'http' : 'grpc'}`,
        ],
        ...[`--dapr-http-port=${http}`, `--dapr-grpc-port=${grpc}`, `--dapr-internal-grpc-port=${internal}`],
        ...[`--dapr-internal-grpc-listen-address=${at}`, '--metrics-port=0'],
        ...[`--resources-path=${path.join(folder, 'resources')}`, `--config=${path.join(folder, 'config.yaml')}`],
      ],
      log('sidecar'),
    ),
  );
  const api = `http://${at}:${http}`;
  apis.set(language, api);
  // The Go SDK's client gives up after five seconds without a sidecar.
  await answering(`${api}/v1.0/healthz/outbound`);
  const [command, ...args] = programs[language];
  const env = { APP_PORT: String(app), DAPR_HTTP_PORT: String(http), DAPR_GRPC_PORT: String(grpc) };
  stack.use(start(`${language} app`, command, args, { env, ...log('app') }));
  await answering(`${api}/v1.0/healthz`);
}

const answering = (url: string) =>
  eventually(`${url} to answer`, async () => ((await fetch(url)).ok ? true : undefined));

/** Tells an app to do a thing, and answers what it says. */
async function tell(language: Language, method: string, order: { app?: string; text?: string } = {}): Promise<unknown> {
  const answer = await fetch(`${apis.get(language)}/v1.0/invoke/${language}/method/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: '', ...order }),
  });
  const body = await answer.text();
  if (!answer.ok) throw new Error(`${language} ${method}: ${answer.status} ${body}`);
  return JSON.parse(body);
}

describe('apps of the official SDKs, unmodified', () => {
  for (const caller of languages)
    for (const callee of languages) {
      it(`${named[caller]} invokes ${named[callee]}`, async () => {
        expect(await tell(caller, 'ask', { app: callee, text: caller })).toBe(`${named[callee]} greets ${caller}`);
      });
    }

  for (const language of languages) {
    it(`${named[language]} saves, reads and deletes state`, async () => {
      expect(await tell(language, 'keep', { text: 'kept' })).toEqual(['kept', '']);
    });

    it(`${named[language]} reads a secret`, async () => {
      expect(await tell(language, 'secret', { text: 'word' })).toBe('xyzzy');
    });

    it(`${named[language]} publishes, and all of them hear it`, async () => {
      const text = `news from ${language}`;
      expect(await tell(language, 'publish', { text })).toBe('published');
      for (const listener of languages) {
        await eventually(`${listener} to hear of it`, async () =>
          ((await tell(listener, 'heard')) as string[]).includes(text) ? true : undefined,
        );
      }
    });
  }
});
