import type { Channel, ConfirmChannel, Options } from 'amqplib';
import type { Amqp } from './amqp.ts';

export type AmqpPublisher = {
  /** Resolves when the broker has confirmed the message, or without confirms when it is on its way. */
  publish(exchange: string, routingKey: string, content: Buffer, options: Options.Publish): Promise<void>;
};

const publishAttempts = 3;

/** Publishes on a channel of its own; what fails with its channel is tried again on another. */
export function amqpPublisher(
  amqp: Amqp,
  { confirm, declare }: { confirm: boolean; declare?: (channel: Channel, exchange: string) => Promise<unknown> },
): AmqpPublisher {
  type Line = { channel: Channel; declared: Map<string, Promise<unknown>> };
  let line: Promise<Line> | undefined;
  const open = async (): Promise<Line> => {
    const channel = await amqp.channel(confirm ? 'confirm' : 'plain');
    channel.once('close', () => {
      line = undefined;
    });
    return { channel, declared: new Map() };
  };
  const attempt = async (exchange: string, routingKey: string, content: Buffer, options: Options.Publish) => {
    line ??= open().catch((error: unknown) => {
      line = undefined;
      throw error;
    });
    const { channel, declared } = await line;
    let known = declared.get(exchange);
    if (known === undefined) {
      known = declare?.(channel, exchange) ?? Promise.resolve();
      declared.set(exchange, known);
    }
    await known;
    await (confirm ? confirmed : written)(channel as ConfirmChannel, exchange, routingKey, content, options);
  };
  return {
    async publish(...message) {
      for (let tries = 1; ; tries++) {
        try {
          return await attempt(...message);
        } catch (error) {
          if (tries >= publishAttempts) throw error;
        }
      }
    },
  };
}

type Send = (
  channel: ConfirmChannel,
  exchange: string,
  routingKey: string,
  content: Buffer,
  options: Options.Publish,
) => Promise<void>;

const confirmed: Send = (channel, exchange, routingKey, content, options) =>
  new Promise((resolve, reject) => {
    channel.publish(exchange, routingKey, content, options, (error: unknown) => (error ? reject(error) : resolve()));
  });

/** Waits only while the connection takes no more. */
const written: Send = async (channel, exchange, routingKey, content, options) => {
  if (channel.publish(exchange, routingKey, content, options)) return;
  await new Promise<void>((resolve, reject) => {
    const drained = () => {
      channel.off('close', gone);
      resolve();
    };
    const gone = () => {
      channel.off('drain', drained);
      reject(new Error('the channel was closed'));
    };
    channel.once('drain', drained);
    channel.once('close', gone);
  });
};
