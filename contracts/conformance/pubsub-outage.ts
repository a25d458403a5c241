import { randomUUID } from 'node:crypto';
import { eventually } from '#kit/testing/eventually.ts';
import { expect } from '#kit/testing/test.ts';
import type { PubSub } from '../pubsub.ts';
import { type OutageCases, outageConformance, patienceMs } from './outage.ts';

/** What has not come after so long is sent anew. */
const arrivalMs = 20_000;

/** A component with a subscription on a topic of its own, made once: it has to find its way back by itself. */
type Line = { pubsub: PubSub; topic: string; received: Set<string> };

/** What every pub/sub component must do when its broker goes, comes back or takes other passwords: see `outageConformance`. */
export function pubsubOutageConformance(
  name: string,
  { server, open }: Omit<OutageCases<PubSub>, 'use'>,
  options?: { passwords?: boolean },
): void {
  const openLine = async (login?: { user: string; password: string }): Promise<Line & AsyncDisposable> => {
    const pubsub = await open(login);
    const line = { pubsub, topic: `outage-${randomUUID()}`, received: new Set<string>() };
    const stop = new AbortController();
    await pubsub.subscribe(
      { topic: line.topic },
      async ({ data }) => void line.received.add(Buffer.from(data).toString()),
      stop.signal,
    );
    // It may take effect a moment after it is made.
    await eventually(() => exchange(line), patienceMs);
    return {
      ...line,
      async [Symbol.asyncDispose]() {
        stop.abort();
        await pubsub[Symbol.asyncDispose]();
      },
    };
  };
  outageConformance<Line & AsyncDisposable>(name, { server, open: openLine, use: exchange }, options);
}

async function exchange({ pubsub, topic, received }: Line): Promise<void> {
  const id = randomUUID();
  await pubsub.publish({ pubsubName: 'p', topic, data: new TextEncoder().encode(id) });
  await eventually(() => expect(received.has(id)).toBe(true), arrivalMs);
}
