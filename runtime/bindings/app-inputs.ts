import type { BindingEvent } from '#contracts/binding.ts';
import type { Transport } from '#kit/grpc/transport.ts';
import type { Clock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import {
  AppCallback,
  BindingEventResponse_BindingEventConcurrency as Concurrency,
} from '#proto/dapr/proto/runtime/v1/appcallback_pb.js';
import { checkOperation } from '../blocks/bindings/invoke.ts';
import { type BoundBinding, bindingKind, isInput } from '../blocks/bindings/kind.ts';
import type { AppChannel } from '../channel/channel.ts';
import { callOf, collect } from '../invoke/message.ts';
import type { Policies } from '../policy/guards.ts';
import type { Registry } from '../registry.ts';
import { createLife, type Life } from '../subscriptions/life.ts';
import { headersOf, NotTaken } from '../subscriptions/postman.ts';
import type { BindingMetrics } from '../telemetry/binding-metrics.ts';

export type AppInputsOptions = {
  registry: Registry;
  app: { channel(): AppChannel | undefined; grpc(): Pick<Transport, 'unary'> | undefined };
  appToken: string | undefined;
  /** How long the app may take to say that it wants a binding. */
  askMs: number;
  policies: Pick<Policies, 'resolver' | 'run'>;
  /** Undefined when metrics are off. */
  count: BindingMetrics | undefined;
  clock: Clock;
  log: Logger;
};

/** The input bindings whose events go to the app. */
export type AppInputs = {
  /** Reads from each binding that the app wants; leaves those that are gone or were replaced, and the others alone. */
  update(): Promise<void>;
  /** Reads no more from one; resolves when what is under way is finished, or after `drainMs`. */
  leave(binding: BoundBinding, drainMs: number): Promise<void>;
  /** As leave, all of them. */
  stop(drainMs: number): Promise<void>;
};

/** A binding that the app was asked about; without a life when it does not want it. */
type Reading = { bound: BoundBinding; life: Life | undefined };

const endMs = 30_000;

/** Reads from nothing before the first `update`. */
export function createAppInputs(options: AppInputsOptions): AppInputs {
  const { registry, app, clock, log } = options;
  const bindings = registry.of(bindingKind);
  const readings = new Set<Reading>();
  let last: Promise<void> = Promise.resolve();
  let stops = 0;
  const close = async (reading: Reading, drainMs: number): Promise<void> => {
    await reading.life?.close(drainMs);
    readings.delete(reading);
  };
  const read = async (bound: BoundBinding, channel: AppChannel): Promise<void> => {
    const life = createLife(clock, new Error('input binding is closed'));
    const handler = life.counted((event: BindingEvent) => deliver(bound, event, channel, options, life.signal));
    readings.add({ bound, life });
    try {
      await bound.binding.read!((event) => handler(event, life.signal), life.signal);
    } catch (thrown) {
      log.error(`error reading from input binding ${bound.name}: ${(thrown as Error).message}`);
    }
  };
  const update = async (since: number): Promise<void> => {
    const inputs = [...bindings.values()].map(({ component }) => component).filter(isInput);
    for (const reading of readings) if (!inputs.includes(reading.bound)) void close(reading, endMs);
    const known = new Set([...readings].map(({ bound }) => bound));
    const fresh = inputs.filter((bound) => !known.has(bound));
    const channel = app.channel();
    if (fresh.length === 0 || channel === undefined) return;
    const listed = channel.protocol === 'grpc' ? await listGrpc(options) : undefined;
    for (const bound of fresh) {
      const wanted = bound.directions?.has('input') || (await isWanted(bound, channel, listed, options));
      if (since !== stops) return;
      if (wanted) await read(bound, channel);
      else {
        readings.add({ bound, life: undefined });
        log.info(`app has not subscribed to binding ${bound.name}.`);
      }
    }
  };
  return {
    update() {
      const since = stops;
      last = last.then(() => (since === stops ? update(since) : undefined));
      return last;
    },
    async leave(binding, drainMs) {
      await Promise.all([...readings].filter(({ bound }) => bound === binding).map((one) => close(one, drainMs)));
    },
    async stop(drainMs) {
      stops++;
      await Promise.all([...readings].map((one) => close(one, drainMs)));
    },
  };
}

async function listGrpc({ app, appToken, askMs }: AppInputsOptions): Promise<readonly string[]> {
  try {
    const metadata = appToken ? { 'dapr-api-token': appToken } : {};
    const answer = await app.grpc()?.unary(AppCallback.method.listInputBindings, {}, { timeoutMs: askMs, metadata });
    return answer?.bindings ?? [];
  } catch {
    return [];
  }
}

/** A gRPC app lists the bindings it wants; an HTTP app answers OPTIONS of the route with 2xx or 405. */
async function isWanted(
  { name, route }: BoundBinding,
  channel: AppChannel,
  listed: readonly string[] | undefined,
  { askMs, log }: AppInputsOptions,
): Promise<boolean> {
  if (listed) return listed.includes(name);
  try {
    const { status, body } = await channel.invoke(
      callOf('OPTIONS', route, {}, Buffer.alloc(0)),
      AbortSignal.timeout(askMs),
    );
    await collect(body);
    return Math.floor(status / 100) === 2 || status === 405;
  } catch (thrown) {
    log.error(
      `could not invoke OPTIONS method on input binding subscription endpoint "${route}": ${(thrown as Error).message}`,
    );
    return false;
  }
}

async function deliver(
  bound: BoundBinding,
  event: BindingEvent,
  channel: AppChannel,
  options: AppInputsOptions,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const { resolver, run } = options.policies;
  const policy = resolver.component(bound.name, bindingKind.policy, 'inbound');
  const send = channel.protocol === 'grpc' ? sendGrpc : sendHttp;
  const began = performance.now();
  let success = false;
  try {
    const answer = await run(policy, (one) => send(bound, event, channel, options, one.signal ?? signal), {
      signal,
      statusOf: (thrown) => (thrown instanceof NotTaken ? thrown.status : undefined),
    });
    success = true;
    return answer;
  } catch (thrown) {
    options.log.debug(`event of binding ${bound.name} was not taken: ${(thrown as Error).message}`);
    throw thrown;
  } finally {
    options.count?.(bound.name, success, performance.now() - began);
  }
}

type Send = (
  bound: BoundBinding,
  event: BindingEvent,
  channel: AppChannel,
  options: AppInputsOptions,
  signal: AbortSignal,
) => Promise<Uint8Array | undefined>;

const sendHttp: Send = async ({ route }, { data, metadata = {} }, channel, _options, signal) => {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const answer = await channel.invoke(callOf('POST', route, headersOf(metadata), bytes), signal);
  const body = await collect(answer.body);
  if (answer.status >= 200 && answer.status < 300) return body;
  throw new NotTaken(
    `fails to send binding event to http app channel, status code: ${answer.status} body: ${body}`,
    answer.status,
  );
};

const sendGrpc: Send = async ({ name }, { data, metadata = {} }, _channel, options, signal) => {
  const { app, appToken, log } = options;
  const sent = appToken ? { 'dapr-api-token': appToken } : {};
  const request = { name, data, metadata: { ...metadata } };
  const response = await app.grpc()!.unary(AppCallback.method.onBindingEvent, request, { signal, metadata: sent });
  passOn(response.to, response.data, response.concurrency, options, signal).catch((thrown: Error) =>
    log.error(`error executing app response: ${thrown.message}`),
  );
  return response.data;
};

/** Sends what the app answered to the output bindings it named. */
async function passOn(
  to: readonly string[],
  data: Uint8Array,
  concurrency: Concurrency,
  { registry }: AppInputsOptions,
  signal: AbortSignal,
): Promise<void> {
  const send = async (name: string) => {
    const bound = registry.of(bindingKind).get(name)?.component;
    if (bound === undefined) throw bindingKind.absent(name, true, '');
    checkOperation(bound, 'create');
    await bound.binding.invoke!({ operation: 'create', data }, signal);
  };
  if (concurrency === Concurrency.PARALLEL) await Promise.all(to.map(send));
  else for (const name of to) await send(name);
}
