import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { type CollectedSpan, type Collector, startCollector } from './collector/collector.ts';
import { eventually } from './eventually.ts';
import { freePorts } from './ports.ts';
import { start } from './process.ts';

const daprd = path.resolve(import.meta.dirname, '../bin/daprd');
const at = '127.0.0.1';

let stack: AsyncDisposableStack;
let collector: Collector;
let folder: string;

/** An OpenTelemetry Collector; each test has its own pair of sidecars, as they differ in how they export. */
beforeAll(async () => {
  stack = new AsyncDisposableStack();
  folder = await mkdtemp(path.join(tmpdir(), 'tracing-'));
  stack.defer(() => rm(folder, { recursive: true }));
  collector = stack.use(await startCollector());
});

afterAll(() => stack?.disposeAsync());

const id = (bytes: number) => randomBytes(bytes).toString('hex');

/** Tells the collector of a span that an app has made, as its own SDK would. */
async function report(service: string, span: Omit<CollectedSpan, 'service'>): Promise<void> {
  const now = `${Date.now()}000000`;
  const spans = [{ ...span, startTimeUnixNano: now, endTimeUnixNano: now }];
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: service } }] };
  const answer = await fetch(`http://${collector.otlpHttp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] }),
  });
  expect(answer.status).toBe(200);
}

/** The app behind the callee's sidecar: each call is a span of its own, below what it was given. */
async function startTill(): Promise<AsyncDisposable & { port: number }> {
  const app = createServer((request, response) => {
    const [, traceId = '', parentSpanId = ''] = String(request.headers['traceparent']).split('-');
    report('till-app', { name: String(request.url), kind: 2, traceId, spanId: id(8), parentSpanId }).then(
      () => response.end('paid'),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve) => app.listen(0, at, resolve));
  const { port } = app.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: async () => void app.close() };
}

/** Two sidecars, `shop` and `till`, with that tracing; answers where shop's API is. */
async function startPair(tracing: object, own: AsyncDisposableStack): Promise<string> {
  const app = own.use(await startTill());
  const configuration = path.join(folder, id(4));
  await mkdir(configuration);
  const [tillInternal] = (await freePorts(1)) as [number];
  const nameResolution = { component: 'static', configuration: { apps: `till=${at}:${tillInternal}` } };
  const config = path.join(configuration, 'config.yaml');
  const spec = { tracing: { samplingRate: '1', ...tracing }, nameResolution };
  await writeFile(config, JSON.stringify({ kind: 'Configuration', spec }));
  const sidecar = async (appId: string, more: string[]): Promise<string> => {
    const [http, grpc] = (await freePorts(2)) as [number, number];
    const ports = [`--dapr-http-port=${http}`, `--dapr-grpc-port=${grpc}`, '--metrics-port=0'];
    const log = path.join(configuration, `${appId}.log`);
    own.use(start(appId, daprd, [`--app-id=${appId}`, ...ports, `--config=${config}`, ...more], { log }));
    await eventually(`${appId} to be healthy`, async () =>
      (await fetch(`http://${at}:${http}/v1.0/healthz`)).ok ? true : undefined,
    );
    return `http://${at}:${http}`;
  };
  const internal = [`--dapr-internal-grpc-port=${tillInternal}`, `--dapr-internal-grpc-listen-address=${at}`];
  await sidecar('till', [`--app-port=${app.port}`, ...internal]);
  return sidecar('shop', []);
}

/** Calls through both sidecars as an app that traces, and answers its trace as the collector has it. */
async function traceOfCall(shop: string): Promise<{ spans: CollectedSpan[]; root: string }> {
  const [traceId, root] = [id(16), id(8)];
  const answer = await fetch(`${shop}/v1.0/invoke/till/method/pay`, {
    headers: { traceparent: `00-${traceId}-${root}-01` },
  });
  expect(await answer.text()).toBe('paid');
  await report('shop-app', { name: 'checkout', kind: 3, traceId, spanId: root, parentSpanId: '' });
  return { spans: await collector.trace(traceId, 4), root };
}

/** The names of services from the root down; fails where a span has no parent, or two children. */
function chain(spans: readonly CollectedSpan[], root: string): string[] {
  const services: string[] = [];
  for (let at: string | undefined = root; at !== undefined; ) {
    const span = spans.find(({ spanId }) => spanId === at);
    expect(span).toBeDefined();
    services.push(span!.service);
    const children = spans.filter(({ parentSpanId }) => parentSpanId === at);
    expect(children.length).toBeLessThanOrEqual(1);
    at = children[0]?.spanId;
  }
  return services;
}

describe('a call from app to app, seen by an OpenTelemetry Collector', () => {
  const exporters = {
    'OTLP over gRPC': () => ({ otel: { endpointAddress: collector.otlpGrpc, protocol: 'grpc', isSecure: false } }),
    'OTLP over HTTP': () => ({ otel: { endpointAddress: collector.otlpHttp, protocol: 'http', isSecure: false } }),
    Zipkin: () => ({ zipkin: { endpointAddress: `http://${collector.zipkin}/api/v2/spans` } }),
  };
  for (const [name, tracing] of Object.entries(exporters)) {
    it(`is one tree of four spans by ${name}: app, sidecar, sidecar, app`, async () => {
      await using own = new AsyncDisposableStack();
      const { spans, root } = await traceOfCall(await startPair(tracing(), own));
      expect(chain(spans, root)).toEqual(['shop-app', 'shop', 'till', 'till-app']);
      const sidecars = spans.filter(({ service }) => service === 'shop' || service === 'till');
      expect(new Set(sidecars.map((span) => [span.service, span.kind, span.name].join(' ')))).toEqual(
        new Set(['shop 3 CallLocal/till/pay', 'till 2 CallLocal/till/pay']),
      );
    });
  }
});
