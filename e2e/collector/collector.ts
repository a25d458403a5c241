import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../eventually.ts';
import { freePorts } from '../ports.ts';
import { start } from '../process.ts';
import { collectorProgram } from './program.ts';

/** A span as the collector wrote it down. */
export type CollectedSpan = {
  /** `service.name` of whoever made it. */
  service: string;
  name: string;
  /** As OTLP numbers them: 2 server, 3 client. */
  kind: number;
  traceId: string;
  spanId: string;
  /** Empty for the root of a trace. */
  parentSpanId: string;
};

/** A real OpenTelemetry Collector of the test's own. */
export type Collector = AsyncDisposable & {
  /** Where it takes OTLP over gRPC, over HTTP, and Zipkin's spans: `127.0.0.1:<port>`. */
  otlpGrpc: string;
  otlpHttp: string;
  zipkin: string;
  /** The spans of a trace, once there are that many. */
  trace(traceId: string, count: number): Promise<CollectedSpan[]>;
};

/** Starts the collector on free ports of 127.0.0.1; it writes what comes to a file. */
export async function startCollector(): Promise<Collector> {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-collector-'));
  const [otlpGrpc, otlpHttp, zipkin] = (await freePorts(3)).map((port) => `127.0.0.1:${port}`) as [
    string,
    string,
    string,
  ];
  const spans = join(folder, 'spans.json');
  const config = join(folder, 'config.yaml');
  await writeFile(config, JSON.stringify(configuration({ otlpGrpc, otlpHttp, zipkin, spans })));
  const program = await collectorProgram();
  const server = start('collector', program, [config], { log: join(folder, 'collector.log') });
  const dispose = async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  };
  await eventually('the collector to listen', () => isServing(`http://${otlpHttp}/v1/traces`)).catch(async (thrown) => {
    await dispose();
    throw thrown;
  });
  return {
    ...{ otlpGrpc, otlpHttp, zipkin },
    trace: (traceId, count) =>
      eventually(`${count} spans of trace ${traceId}`, async () => {
        const found = collected(await readFile(spans, 'utf8')).filter((span) => span.traceId === traceId);
        return found.length >= count ? found : undefined;
      }),
    [Symbol.asyncDispose]: dispose,
  };
}

type Places = { otlpGrpc: string; otlpHttp: string; zipkin: string; spans: string };

/** The collector reads JSON as the YAML it is. */
const configuration = ({ otlpGrpc, otlpHttp, zipkin, spans }: Places) => ({
  receivers: {
    otlp: { protocols: { grpc: { endpoint: otlpGrpc }, http: { endpoint: otlpHttp } } },
    zipkin: { endpoint: zipkin },
  },
  exporters: { file: { path: spans, flush_interval: '100ms' } },
  service: {
    telemetry: { metrics: { level: 'none' } },
    pipelines: { traces: { receivers: ['otlp', 'zipkin'], exporters: ['file'] } },
  },
});

const isServing = async (url: string) => ((await fetch(url, { method: 'POST' })).status < 500 ? true : undefined);

type OtlpLine = {
  resourceSpans: {
    resource: { attributes?: { key: string; value: { stringValue?: string } }[] };
    scopeSpans: { spans: (Omit<CollectedSpan, 'service' | 'parentSpanId'> & { parentSpanId?: string })[] }[];
  }[];
};

/** The file has a line for each batch; its last may still be on its way. */
function collected(text: string): CollectedSpan[] {
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines
    .filter((line) => line !== '')
    .flatMap((line) => (JSON.parse(line) as OtlpLine).resourceSpans)
    .flatMap(({ resource, scopeSpans }) => {
      const name = resource.attributes?.find(({ key }) => key === 'service.name')?.value.stringValue ?? '';
      return scopeSpans.flatMap(({ spans }) =>
        spans.map(({ parentSpanId = '', ...span }) => ({ ...span, parentSpanId, service: name })),
      );
    });
}
