import { connect as connectSocket } from 'node:net';
import { type Channel, connect } from '#kit/grpc/client.ts';
import { connectHttp } from '#kit/http/client.ts';
import type { Clock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import { type AppHealth, watchAppHealth } from '../channel/app-health.ts';
import type { AppChannel } from '../channel/channel.ts';
import { createGrpcChannel } from '../channel/grpc.ts';
import { createHttpChannel } from '../channel/http.ts';
import { watchedChannel } from '../channel/watched.ts';
import type { AppConfig } from '../config.ts';
import type { Pipeline } from '../middleware/pipeline.ts';
import type { AppMetrics } from '../telemetry/app-metrics.ts';

/** The app beside this sidecar, as far as it has been reached. */
export type App = {
  /** Undefined until its port is open, and where there is no app. */
  channel(): AppChannel | undefined;
  /** The app's gRPC server, for calls that pass undecoded. */
  grpc(): Channel | undefined;
  /** Undefined where health checks are off. */
  health: AppHealth | undefined;
  /** Resolves when the app's port is open and, with health checks on, the first has ended; at once where there is no app. */
  ready: Promise<void>;
};

export type AppStart = {
  app: AppConfig;
  maxBodyBytes: number;
  /** `spec.appHttpPipeline`; undefined without one. */
  pipeline: Pipeline | undefined;
  /** Counts calls of the app; undefined when metrics are off. */
  metrics: AppMetrics | undefined;
  clock: Clock;
  log: Logger;
  signal: AbortSignal;
  stack: AsyncDisposableStack;
};

const portPollMs = 50;

/** Reaches for the app: its channel exists at once, its calls fail until its port is open. */
export async function startApp(start: AppStart): Promise<App> {
  const { app, clock, log, signal, stack } = start;
  if (app.port === undefined)
    return { channel: () => undefined, grpc: () => undefined, health: undefined, ready: Promise.resolve() };
  const link = isGrpc(app) ? connectApp(start) : undefined;
  let health: AppHealth | undefined;
  const healthy = () => health?.isHealthy() ?? true;
  const settings = { maxConcurrency: app.maxConcurrency, appToken: app.token || undefined, healthy };
  const channel = stack.use(
    link === undefined
      ? watched(createHttpChannel({ client: await httpClient(app), pipeline: start.pipeline, ...settings }), start)
      : createGrpcChannel({ channel: link, ...settings }),
  );
  if (app.health !== undefined) health = watchAppHealth({ ...app.health, probe: channel.probe, clock, log, signal });
  const ready = discover(app, clock, log, signal).then(() => health?.start());
  return { channel: () => channel, grpc: () => link, health, ready };
}

const isGrpc = ({ protocol }: AppConfig) => protocol === 'grpc' || protocol === 'grpcs';

const watched = (channel: AppChannel, { metrics }: AppStart): AppChannel =>
  metrics === undefined ? channel : watchedChannel(channel, metrics.http);

function connectApp({ app, maxBodyBytes, metrics }: AppStart): ReturnType<typeof connect> {
  return connect({
    target: { host: app.channelAddress, port: app.port! },
    maxReceiveBytes: maxBodyBytes || Number.MAX_SAFE_INTEGER,
    watch: metrics?.grpc,
    ...(app.protocol === 'grpcs' ? { tls: { material: () => noMaterial, insecure: true } } : {}),
  });
}

const noMaterial = {};

function httpClient(app: AppConfig): ReturnType<typeof connectHttp> {
  const secure = app.protocol === 'https';
  const host = app.channelAddress.includes(':') ? `[${app.channelAddress}]` : app.channelAddress;
  return connectHttp({
    origin: `${secure ? 'https' : 'http'}://${host}:${app.port}`,
    h2c: app.protocol === 'h2c',
    ...(secure ? { tls: { insecure: true } } : {}),
  });
}

async function discover(app: AppConfig, clock: Clock, log: Logger, signal: AbortSignal): Promise<void> {
  log.info(
    `application protocol: ${app.protocol}. waiting on port ${app.port}. This will block until the app is listening on that port.`,
  );
  const since = clock.now();
  let told = since;
  while (!signal.aborted && !(await isOpen(app))) {
    if (clock.now() - told >= 10_000) {
      told = clock.now();
      log.info(`still waiting for application to listen on port ${app.port} (${Math.round((told - since) / 1_000)} s)`);
    }
    await clock.pause(portPollMs, signal);
  }
  if (!signal.aborted) log.info(`application discovered on port ${app.port}`);
}

function isOpen({ channelAddress, port }: AppConfig): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectSocket({ host: channelAddress, port: port!, timeout: 500 });
    const answer = (open: boolean) => () => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', answer(true));
    socket.once('error', answer(false));
    socket.once('timeout', answer(false));
  });
}
