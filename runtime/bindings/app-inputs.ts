import type { BindingEvent } from '#contracts/binding.ts';
import type { Transport } from '#kit/grpc/transport.ts';
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
import { headersOf, NotTaken } from '../subscriptions/postman.ts';

export type AppInputsOptions = {
  registry: Registry;
  app: { channel(): AppChannel | undefined; grpc(): Pick<Transport, 'unary'> | undefined };
  appToken: string | undefined;
  /** How long the app may take to say that it wants a binding. */
  askMs: number;
  policies: Pick<Policies, 'resolver' | 'run'>;
  log: Logger;
};

/** The input bindings whose events go to the app. */
export type AppInputs = {
  /** Reads from each binding that the app wants. */
  start(): Promise<void>;
  /** Reads no more; what is under way is finished, at most within `drainMs`. */
  stop(drainMs: number): Promise<void>;
};

export function createAppInputs(options: AppInputsOptions): AppInputs {
  const { registry, app, log } = options;
  let running: AbortController | undefined;
  const underWay = new Set<Promise<unknown>>();
  return {
    async start() {
      const inputs = [...registry.of(bindingKind).values()].map(({ component }) => component).filter(isInput);
      const channel = app.channel();
      if (running || inputs.length === 0 || channel === undefined) return;
      running = new AbortController();
      const { signal } = running;
      const listed = channel.protocol === 'grpc' ? await listGrpc(options) : undefined;
      for (const bound of inputs) {
        if (!(bound.directions?.has('input') || (await isWanted(bound, channel, listed, options)))) {
          log.info(`app has not subscribed to binding ${bound.name}.`);
          continue;
        }
        try {
          await bound.binding.read!(
            (event) => track(underWay, deliver(bound, event, channel, options, signal)),
            signal,
          );
        } catch (thrown) {
          log.error(`error reading from input binding ${bound.name}: ${(thrown as Error).message}`);
        }
      }
    },
    async stop(drainMs) {
      const ending = running;
      running = undefined;
      const late = new Promise((resolve) => setTimeout(resolve, drainMs).unref());
      if (underWay.size > 0) await Promise.race([Promise.allSettled(underWay), late]);
      ending?.abort();
    },
  };
}

function track<T>(all: Set<Promise<unknown>>, one: Promise<T>): Promise<T> {
  all.add(one);
  one.then(
    () => all.delete(one),
    () => all.delete(one),
  );
  return one;
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
  try {
    return await run(policy, (one) => send(bound, event, channel, options, one.signal ?? signal), {
      signal,
      statusOf: (thrown) => (thrown instanceof NotTaken ? thrown.status : undefined),
    });
  } catch (thrown) {
    options.log.debug(`event of binding ${bound.name} was not taken: ${(thrown as Error).message}`);
    throw thrown;
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
