import { answerWatch } from '#kit/lifecycle/answer-watch.ts';
import type { RedisClient, Send } from './redis-client.ts';

/** How often a connection that only listens is asked whether it is there. */
const listenPingMs = 5_000;

/**
 * A client in whose place another is put when its server answers nothing for `limit` milliseconds although commands wait:
 * a connection whose other end is gone without a word is never told so. What waits is rejected then. A `limit` that is
 * not positive waits for ever.
 */
export function revived(make: () => RedisClient, limit: number): RedisClient {
  const errors: ((error: Error) => void)[] = [];
  const readies: (() => void)[] = [];
  const ears: { glob: string; heard(channel: string): void }[] = [];
  let pings: NodeJS.Timeout | undefined;
  let connected = false;
  let ended = false;
  const tell = (error: Error): void => {
    for (const listener of errors) listener(error);
  };
  const start = () => {
    const client = make();
    client.onError(tell);
    client.onReady(() => {
      for (const listener of readies) listener();
    });
    return { client, watch: limit > 0 ? answerWatch(limit, () => replace()) : undefined };
  };
  let current = start();
  const replace = (): void => {
    const { client: stuck, watch } = current;
    tell(new Error(`nothing was answered for ${limit} ms: connecting anew`));
    watch?.stop();
    current = start();
    stuck.destroy();
    connect().catch(tell);
  };
  const connect = async (): Promise<void> => {
    const { client, watch } = current;
    // How long the first may take is its caller's to say.
    if (connected) watch?.asked();
    await client.connect();
    if (connected) watch?.answered();
    connected = true;
    for (const { glob, heard } of ears) await client.listen(glob, heard);
  };
  const send: Send = (key, readonly, args) => {
    const { client, watch } = current;
    const answer = client.send(key, readonly, args);
    if (watch === undefined) return answer;
    watch.asked();
    answer.then(watch.answered, watch.answered);
    return answer;
  };
  const end = (): void => {
    ended = true;
    clearInterval(pings);
    current.watch?.stop();
  };
  return {
    send,
    connect,
    async close() {
      end();
      await current.client.close();
    },
    destroy() {
      end();
      current.client.destroy();
    },
    isOpen: () => !ended && current.client.isOpen(),
    onError: (listener) => void errors.push(listener),
    onReady: (listener) => void readies.push(listener),
    masters: () => current.client.masters(),
    async listen(glob, heard) {
      ears.push({ glob, heard });
      pings ??= setInterval(() => void send(undefined, true, ['PING']).catch(() => {}), listenPingMs).unref();
      await current.client.listen(glob, heard);
    },
  };
}
