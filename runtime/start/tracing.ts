import type { Configuration } from '#crds/configuration.ts';
import type { NameValue } from '#crds/name-value.ts';
import { valueText } from '#crds/name-value.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { SpanTransport } from '#kit/telemetry/tracing/exporter.ts';
import type { OtlpSettings } from '#kit/telemetry/tracing/otlp.ts';
import { createTracing, parseSamplingRate, type Tracing } from '#kit/telemetry/tracing/tracing.ts';
import { parseDuration } from '#kit/values/duration.ts';
import { isTruthy } from '#kit/values/truthy.ts';
import type { RuntimeConfig } from '../config.ts';

export type TracingStart = {
  config: RuntimeConfig;
  configuration: Configuration;
  log: Logger;
  stack: AsyncDisposableStack;
};

export type SidecarTracing = {
  tracing: Tracing;
  /** Whether the doors make spans: someone takes them, or asked for a rate. */
  active: boolean;
};

const defaultTimeoutMs = 10_000;

/** The sidecar's tracer. Exporters are opened, and their libraries loaded, only where the Configuration or the environment names one. */
export async function startTracing({ config, configuration, log, stack }: TracingStart): Promise<SidecarTracing> {
  const { samplingRate } = configuration.spec.tracing ?? {};
  const ratio = parseSamplingRate(samplingRate);
  const transports = ratio === 0 ? [] : await openTransports(config, configuration, log);
  const active = ratio > 0 && (transports.length > 0 || (samplingRate ?? '') !== '');
  if (transports.length === 0) {
    const tracing = createTracing({ ratio: active ? ratio : 0, aside: !active });
    logSampler(tracing, log);
    return { tracing, active };
  }
  const { deliverToAll } = await import('#kit/telemetry/tracing/otlp.ts');
  const { openSpanSink } = await import('#kit/telemetry/tracing/exporter.ts');
  const resource = {
    serviceName: config.env['OTEL_SERVICE_NAME'] || config.appId,
    attributes: config.env['OTEL_RESOURCE_ATTRIBUTES'],
  };
  const sink = stack.use(await openSpanSink(deliverToAll(transports), resource, log));
  const tracing = createTracing({ ratio, record: sink.record });
  logSampler(tracing, log);
  return { tracing, active };
}

const logSampler = (tracing: Tracing, log: Logger): void =>
  log.info(`Dapr trace sampler initialized: DaprTraceSampler(${tracing.description})`);

async function openTransports(config: RuntimeConfig, { spec }: Configuration, log: Logger): Promise<SpanTransport[]> {
  const transports: SpanTransport[] = [];
  const { stdout, zipkin } = spec.tracing ?? {};
  const otlp = await import('#kit/telemetry/tracing/otlp.ts');
  if (stdout) transports.push(otlp.openStdout((line) => log.info(line)));
  if (zipkin?.endpointAddress) transports.push(otlp.openZipkin(zipkin.endpointAddress));
  const otel = otelSettings(config.env, spec.tracing?.otel);
  if (otel === undefined) return transports;
  const overGrpc = otel.protocol === 'grpc';
  transports.push(
    overGrpc
      ? await (await import('#kit/telemetry/tracing/otlp-grpc.ts')).openOtlpGrpc(otel)
      : await otlp.openOtlpHttp(otel),
  );
  return transports;
}

type OtelSpec = NonNullable<NonNullable<Configuration['spec']['tracing']>['otel']>;

/** The Configuration's collector, each part of it before the OpenTelemetry variables of the environment. */
function otelSettings(
  env: RuntimeConfig['env'],
  otel: OtelSpec | undefined,
): (OtlpSettings & { protocol: string }) | undefined {
  const ofEnv = (name: string) => env[`OTEL_EXPORTER_OTLP_TRACES_${name}`] || env[`OTEL_EXPORTER_OTLP_${name}`] || '';
  const given = otel?.endpointAddress || ofEnv('ENDPOINT');
  if (given === '') return undefined;
  const secure = otel?.endpointAddress ? otel.isSecure : !isTruthy(env['OTEL_EXPORTER_OTLP_INSECURE']);
  const protocol = (otel?.protocol || ofEnv('PROTOCOL') || 'grpc').startsWith('grpc') ? 'grpc' : 'http';
  const timeout = ofEnv('TIMEOUT');
  return {
    endpoint: protocol === 'grpc' ? given.replace(/^https?:\/\//, '') : given,
    secure: given.startsWith('http://') ? false : secure,
    headers: otel?.headers ? headersOf(otel.headers) : pairs(ofEnv('HEADERS')),
    timeoutMs: otel?.timeout ? parseDuration(otel.timeout) : Number(timeout) || defaultTimeoutMs,
    protocol,
  };
}

const headersOf = (headers: readonly NameValue[]): Record<string, string> =>
  Object.fromEntries(headers.map(({ name, value }) => [name.toLowerCase(), valueText(value) ?? '']));

/** `k=v,k2=v2`. */
const pairs = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split(',')
      .map((pair) => pair.split(/=(.*)/s, 2).map((part) => part.trim()))
      .filter((pair): pair is [string, string] => pair.length === 2 && pair[0] !== '')
      .map(([name, value]) => [name.toLowerCase(), value]),
  );
