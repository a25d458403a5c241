import type { Channel, ChannelModel, ConfirmChannel } from 'amqplib';
import { fault } from '#kit/errors/fault.ts';
import { systemClock } from '#kit/lifecycle/clock.ts';
import { untilAborted } from '#kit/lifecycle/until-aborted.ts';
import type { Logger } from '#kit/log/logger.ts';

export type AmqpSettings = {
  /** `amqp[s]://user:password@host:port/vhost` */
  url: URL;
  /** Milliseconds. */
  heartbeat: number;
  /** What the broker shows the connection as. */
  clientName?: string | undefined;
  /** PEM; for `amqps`. */
  tls: { ca?: string | undefined; cert?: string | undefined; key?: string | undefined };
  /** Lets the certificate say who calls. */
  saslExternal: boolean;
  /** Longest pause before a lost connection or channel is made again, in milliseconds. */
  reconnectWait: number;
};

type Kinds = { plain: Channel; confirm: ConfirmChannel };

/** One connection to a broker of AMQP 0-9-1. It is made again whenever it is lost, until disposed of. */
export type Amqp = AsyncDisposable & {
  /** A channel on the connection; waits at most `reconnectWait` where that is lost, then rejects with `unavailable`. */
  channel<K extends keyof Kinds>(kind: K): Promise<Kinds[K]>;
  /**
   * Sets a channel up, and another whenever it is lost, until the signal aborts. Resolves when the first is set up,
   * rejects where that fails.
   */
  keep(setUp: (channel: Channel) => Promise<void>, signal: AbortSignal): Promise<void>;
};

const firstPauseMs = 100;
const closeMs = 2_000;

/** Connects, or rejects with `unavailable` naming the broker. */
export async function openAmqp(settings: AmqpSettings, log: Logger): Promise<Amqp> {
  const where = `rabbitmq at ${settings.url.host}`;
  const life = new AbortController();
  let model: ChannelModel | undefined;
  let connecting: Promise<ChannelModel> | undefined;

  const connect = async (): Promise<ChannelModel> => {
    const made = await dial(settings);
    made.on('error', (error: Error) => log.warn(`${where}: ${error.message}`));
    made.on('close', () => {
      if (model === made) model = undefined;
      if (!life.signal.aborted) void again();
    });
    if (life.signal.aborted) await made.close();
    model = made;
    return made;
  };
  const again = (): Promise<ChannelModel> => {
    connecting ??= persistently(connect, settings.reconnectWait, life.signal, (error) =>
      log.warn(`cannot connect to ${where}: ${error.message}`),
    ).finally(() => {
      connecting = undefined;
    });
    connecting.catch(() => {});
    return connecting;
  };
  const connection = async (): Promise<ChannelModel> => {
    if (model) return model;
    const patience = new AbortController();
    const late = systemClock.pause(settings.reconnectWait, AbortSignal.any([patience.signal, life.signal]));
    try {
      return await Promise.race([again(), late.then(() => Promise.reject(new Error('there is no connection')))]);
    } finally {
      patience.abort();
    }
  };
  const channel: Amqp['channel'] = async (kind) => {
    try {
      const on = await connection();
      const made = await (kind === 'confirm' ? on.createConfirmChannel() : on.createChannel());
      made.on('error', (error: Error) => log.warn(`${where}: ${error.message}`));
      return made as Kinds[typeof kind];
    } catch (error) {
      throw fault('unavailable', `${where} cannot be used: ${(error as Error).message}`, { cause: error });
    }
  };

  try {
    await connect();
  } catch (error) {
    throw fault('unavailable', `cannot connect to ${where}: ${(error as Error).message}`, { cause: error });
  }
  return {
    channel,
    keep: (setUp, signal) => keepChannel({ open: () => channel('plain'), setUp, settings, log }, signal, life.signal),
    async [Symbol.asyncDispose]() {
      life.abort();
      if (model) await closed(model);
    },
  };
}

async function dial({ url, heartbeat, clientName, tls, saslExternal }: AmqpSettings): Promise<ChannelModel> {
  // The library is read when the first component on RabbitMQ opens, not when its settings are looked at.
  const { default: library } = await import('amqplib');
  const address = new URL(url);
  address.searchParams.set('heartbeat', String(Math.round(heartbeat / 1_000)));
  return await library.connect(address.href, {
    noDelay: true,
    timeout: 30_000,
    ...(clientName !== undefined && { clientProperties: { connection_name: clientName } }),
    ...(saslExternal && { credentials: library.credentials.external() }),
    ...(tls.ca !== undefined && { ca: tls.ca }),
    ...(tls.cert !== undefined && tls.key !== undefined && { cert: tls.cert, key: tls.key }),
  });
}

/** Tries until it works, with pauses that double up to `longest`. Rejects only when the signal aborts. */
async function persistently<T>(
  work: () => Promise<T>,
  longest: number,
  signal: AbortSignal,
  failed: (error: Error) => void,
): Promise<T> {
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longest)) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!signal.aborted) failed(error as Error);
    }
    await systemClock.pause(pause, signal);
  }
}

type Keep = {
  open(): Promise<Channel>;
  setUp(channel: Channel): Promise<void>;
  settings: AmqpSettings;
  log: Logger;
};

async function keepChannel(
  { open, setUp, settings, log }: Keep,
  signal: AbortSignal,
  life: AbortSignal,
): Promise<void> {
  const ends = AbortSignal.any([signal, life]);
  const ready = async () => {
    const channel = await open();
    const lost = new Promise<void>((resolve) => channel.once('close', resolve));
    try {
      await setUp(channel);
    } catch (error) {
      await closed(channel);
      throw error;
    }
    return { channel, lost };
  };
  const end = untilAborted(ends);
  const watch = async (at: Awaited<ReturnType<typeof ready>>) => {
    for (;;) {
      await Promise.race([at.lost, end]);
      if (ends.aborted) return await closed(at.channel);
      at = await persistently(ready, settings.reconnectWait, ends, (error) => log.warn(error.message));
    }
  };
  // What deletes itself may go between two steps of setting up, when its last user leaves just then.
  const first = ready().catch((error: Error) =>
    error.message.includes('NOT_FOUND') ? ready() : Promise.reject(error),
  );
  watch(await first).catch((error: Error) => log.debug(error.message));
}

/** Closes a channel or a connection as the protocol wants it, within bounds: the broker may be gone. */
async function closed(one: { close(): Promise<void> }): Promise<void> {
  const patience = new AbortController();
  await Promise.race([
    Promise.resolve()
      .then(() => one.close())
      .catch(() => {}),
    systemClock.pause(closeMs, patience.signal),
  ]);
  patience.abort();
}
