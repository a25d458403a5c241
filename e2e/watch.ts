import { setTimeout as delay } from 'node:timers/promises';

/** What a watch tells about one object. */
export interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: T;
}

/**
 * Watches `path` of the API server, what exists already first, until `pick`
 * answers something else than undefined. A watch that ends or breaks is made
 * anew. Fails after `timeout` seconds, with the last it saw.
 */
export async function watchUntil<T, R>(
  api: string,
  path: string,
  pick: (event: WatchEvent<T>) => R | undefined,
  timeout = 240,
): Promise<R> {
  const url = `${api}${path}${path.includes('?') ? '&' : '?'}watch=true&resourceVersion=0`;
  const giveUp = AbortSignal.timeout(timeout * 1_000);
  let last: unknown = 'nothing';
  const broken = (error: unknown): void => {
    if (!giveUp.aborted) last = String(error);
  };
  while (!giveUp.aborted) {
    for await (const event of events<T>(url, giveUp, broken)) {
      last = event.object;
      const picked = pick(event);
      if (picked !== undefined) return picked;
    }
    await delay(100);
  }
  throw new Error(`${path}: not within ${timeout} s; last seen: ${statusOf(last)}`);
}

/** What an object says of itself, short enough for a message. */
const statusOf = (object: unknown): string =>
  JSON.stringify((object as { status?: unknown })?.status ?? object).slice(0, 2_000);

/** The events of one watch request; it ends when the server ends it, or it breaks. */
async function* events<T>(
  url: string,
  signal: AbortSignal,
  broken: (error: unknown) => void,
): AsyncGenerator<WatchEvent<T>> {
  try {
    const answer = await fetch(url, { signal });
    if (!answer.ok || !answer.body) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
    let rest = '';
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield JSON.parse(line) as WatchEvent<T>;
    }
  } catch (error) {
    broken(error);
  }
}
