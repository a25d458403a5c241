import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, request as sendRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { eventually } from './eventually.ts';
import { freePorts } from './ports.ts';
import { start } from './process.ts';

const bin = (name: string) => path.resolve(import.meta.dirname, '../bin', name);
const at = '127.0.0.1';
const rules = `kind: Configuration
spec:
  accessControl:
    defaultAction: allow
    trustDomain: public
    policies:
      - appId: shop
        defaultAction: allow
        trustDomain: public
        namespace: default
        operations: [{name: /secret, httpVerb: ["*"], action: deny}]
`;

let stack: AsyncDisposableStack;
let folder: string;
let shop: number;
/** What the app has been asked. */
const asked: string[] = [];
/** Bytes the app has sent of its endless answers, and how many of them were cut. */
const endless = { sent: 0, cut: 0 };

/** Sends the second event to who has had the first. */
const events = { end: (): void => {} };

const left = (): void => {
  endless.cut += 1;
};

const app = createServer((request, response) => {
  asked.push(request.url!);
  if (request.url === '/hang') {
    response.on('close', left);
    return;
  }
  if (request.url === '/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: first\n\n');
    events.end = () => void response.end('data: second\n\n');
    return;
  }
  if (request.url !== '/endless') {
    response.setHeader('x-host', request.headers.host ?? '');
    request.pipe(response);
    return;
  }
  const chunk = Buffer.alloc(65_536, 'x');
  const more = (): void => {
    while (!response.destroyed) {
      endless.sent += chunk.length;
      if (!response.write(chunk)) return void response.once('drain', more);
    }
  };
  response.on('close', left);
  more();
});

/** A sentry and two sidecars over mTLS: `shop` calls the app beside `till`, which keeps `/secret` from it. */
beforeAll(async () => {
  stack = new AsyncDisposableStack();
  folder = await mkdtemp(path.join(tmpdir(), 'invocation-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const credentials = path.join(folder, 'credentials');
  await mkdir(credentials);
  const [sentry, health, internal, closed] = (await freePorts(4)) as [number, number, number, number];
  const apps = `till=${at}:${internal},imposter=${at}:${internal},gone=${at}:${closed}`;
  const names = `kind: Configuration\nspec: {nameResolution: {component: static, configuration: {apps: "${apps}"}}}\n`;
  await writeFile(path.join(folder, 'names.yaml'), names);
  await writeFile(path.join(folder, 'rules.yaml'), rules);
  const run = (name: string, program: string, args: string[], env: Record<string, string> = {}) =>
    stack.use(start(name, bin(program), args, { env, log: path.join(folder, `${name}.log`) }));
  run('sentry', 'sentry', [
    ...[`--port=${sentry}`, `--healthz-port=${health}`, '--metrics-port=0', `--listen-address=${at}`],
    `--issuer-credentials=${credentials}`,
  ]);
  await healthy(health, '/healthz');
  await new Promise<void>((resolve) => app.listen(0, at, resolve));
  stack.defer(() => void app.close());
  const anchors = await readFile(path.join(credentials, 'ca.crt'), 'utf8');
  const sidecar = async (appId: string, more: string[]): Promise<number> => {
    const [http, grpc, metrics] = (await freePorts(3)) as [number, number, number];
    const ports = [`--dapr-http-port=${http}`, `--dapr-grpc-port=${grpc}`, `--metrics-port=${metrics}`];
    const plane = [`--sentry-address=${at}:${sentry}`, '--enable-mtls', '--control-plane-trust-domain=localhost'];
    run(appId, 'daprd', [`--app-id=${appId}`, ...ports, ...plane, ...more], { DAPR_TRUST_ANCHORS: anchors });
    await healthy(http, '/v1.0/healthz');
    return http;
  };
  await sidecar('till', [
    ...[`--app-port=${(app.address() as AddressInfo).port}`, `--config=${folder}/rules.yaml`],
    ...[`--dapr-internal-grpc-port=${internal}`, `--dapr-internal-grpc-listen-address=${at}`],
  ]);
  shop = await sidecar('shop', [`--config=${folder}/names.yaml`, '--max-body-size=1Mi']);
});

afterAll(() => stack?.disposeAsync());

const healthy = (port: number, page: string) =>
  eventually(`port ${port} to be healthy`, async () =>
    (await fetch(`http://${at}:${port}${page}`)).ok ? true : undefined,
  );

const url = (id: string, method: string) => `http://${at}:${shop}/v1.0/invoke/${id}/method/${method}`;

async function call(id: string, method: string, init: RequestInit = {}) {
  const answer = await fetch(url(id, method), init);
  const text = await answer.text();
  return { status: answer.status, text, headers: answer.headers };
}

const refusal = (status: number, message: string) => ({
  status,
  text: expect.stringMatching(new RegExp(`"errorCode":"ERR_DIRECT_INVOKE".*${message}`)),
});

describe('invocation between two sidecars over mTLS', () => {
  it('passes bodies of any size, and the hop is the app’s own', async () => {
    for (const size of [0, 1, 1_000, 100_000, 1_000_000]) {
      const { status, text, headers } = await call('till', 'echo', { method: 'POST', body: 'x'.repeat(size) });
      expect([status, text.length]).toEqual([200, size]);
      expect(headers.get('x-host')).toBe(`${at}:${(app.address() as AddressInfo).port}`);
    }
  });

  it('passes server-sent events one by one', async () => {
    const answer = await fetch(url('till', 'events'), { headers: { accept: 'text/event-stream' } });
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toBe('data: first\n\n');
    events.end();
    expect((await reader.read()).value).toBe('data: second\n\n');
    expect((await reader.read()).done).toBe(true);
  });

  it('says what is wrong with an app that nobody knows, and with a sidecar that is not there', async () => {
    expect(await call('lost', 'x')).toMatchObject(refusal(500, "couldn't find service: lost"));
    expect(await call('gone', 'x')).toMatchObject(refusal(500, 'failed to invoke target gone after 3 retries'));
  });

  it('refuses a sidecar whose certificate is another app’s, and sends it nothing', async () => {
    asked.length = 0;
    for (let i = 0; i < 2; i++) expect(await call('imposter', 'x')).toMatchObject(refusal(500, 'imposter'));
    expect(asked).toEqual([]);
  });

  it('keeps what is denied from the caller, however it is written', async () => {
    asked.length = 0;
    const ways = ['secret', '%73ecret', 'a/../secret', 'a%2f..%2fsecret', '//secret', './secret/', 'secret?x=/open'];
    for (const way of ways) expect(await call('till', way)).toMatchObject(refusal(403, 'PermissionDenied'));
    expect(asked).toEqual([]);
  });

  it('refuses a body over the limit, announced or not', async () => {
    const body = 'x'.repeat(1_100_000);
    expect((await call('till', 'echo', { method: 'POST', body })).status).toBe(500);
    const stream = new Blob([body]).stream();
    const unannounced = call('till', 'echo', { method: 'POST', body: stream, duplex: 'half' } as RequestInit);
    // Where the app has begun to answer before the limit is reached, its answer is cut.
    const passed = unannounced.then(
      ({ status }) => status < 400,
      () => false,
    );
    await expect(passed).resolves.toBe(false);
  });

  it('refuses WebSocket handshakes, and requests that are no HTTP', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
      const request = sendRequest(url('till', 'ws'), { headers }, (response) => resolve(response.resume().statusCode));
      request.on('error', reject).end();
    });
    expect(status).toBe(500);
    expect(await raw('GET /v1.0/invoke/till/method/x HTTP/1.1\r\nhost: x\r\na: b\nc: d\r\n\r\n')).toMatch(/ 400 /);
    expect(await raw('GET /v1.0/invoke/till/method/x HTTP/1.1\r\nhost: x\r\na : b\r\n\r\n')).toMatch(/ 400 /);
  });

  it('tells the app that its caller has left', async () => {
    const { cut } = endless;
    const abort = new AbortController();
    const hanging = call('till', 'hang', { signal: abort.signal });
    await eventually('the app to be asked', async () => asked.includes('/hang') || undefined);
    abort.abort();
    await expect(hanging).rejects.toThrow();
    await eventually('the app to be told', async () => endless.cut > cut || undefined);
  });

  it('holds an app back whose answer nobody reads, and frees it when the caller leaves', async () => {
    const { cut } = endless;
    const socket = connect(shop, at);
    socket.pause();
    socket.write('GET /v1.0/invoke/till/method/endless HTTP/1.1\r\nhost: x\r\n\r\n');
    let before = 0;
    await eventually('the app to be held back', async () => {
      const still = before > 0 && endless.sent === before;
      before = endless.sent;
      return still || undefined;
    });
    expect(endless.sent).toBeLessThan(64 * 1024 * 1024);
    socket.destroy();
    await eventually('the app to be freed', async () => endless.cut > cut || undefined);
  });
});

/** What comes back for bytes that are sent as they are. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(shop, at);
    socket.once('data', (bytes) => {
      socket.destroy();
      resolve(String(bytes));
    });
    socket.on('error', reject);
    socket.write(text);
  });
}
