/** What a watch tells about one object. */
export interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: T;
}

/**
 * Watches `path` of the API server, what exists already first, until `pick`
 * answers something else than undefined. Fails after `timeout` seconds, with
 * the last object it saw.
 */
export async function watchUntil<T, R>(
  api: string,
  path: string,
  pick: (event: WatchEvent<T>) => R | undefined,
  timeout = 90,
): Promise<R> {
  const url = `${api}${path}${path.includes('?') ? '&' : '?'}watch=true&resourceVersion=0`;
  const giveUp = AbortSignal.timeout(timeout * 1_000);
  let last: unknown = 'nothing';
  try {
    while (!giveUp.aborted) {
      for await (const event of events<T>(url, giveUp)) {
        last = event.object;
        const picked = pick(event);
        if (picked !== undefined) return picked;
      }
    }
  } catch (error) {
    if (!giveUp.aborted) throw error;
  }
  throw new Error(`${path}: not within ${timeout} s; last seen: ${statusOf(last)}`);
}

/** What an object says of itself, short enough for a message. */
const statusOf = (object: unknown): string =>
  JSON.stringify((object as { status?: unknown })?.status ?? object).slice(0, 2_000);

/** The events of one watch request; it ends when the server ends it. */
async function* events<T>(url: string, signal: AbortSignal): AsyncGenerator<WatchEvent<T>> {
  const answer = await fetch(url, { signal });
  if (!answer.ok || !answer.body) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  let rest = '';
  for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as WatchEvent<T>;
  }
}
