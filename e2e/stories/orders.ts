import { setTimeout as delay } from 'node:timers/promises';
import type { World } from './world.ts';

/** Customers of the shop who order without pause. */
export interface Load {
  /** Ids of the orders that the shop acknowledged, in the order it did. */
  readonly acknowledged: readonly string[];
  /** What was said to orders that the shop refused or did not answer. */
  readonly refused: readonly string[];
  /** Settles when another `count` orders have been acknowledged. */
  more(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** Writes one order and answers whether the shop acknowledged it. */
export const placeOrder = async (world: World, id: string): Promise<boolean> =>
  (await refusalOf(world, id)) === undefined;

/** Writes one order; what was said where the shop did not acknowledge it. */
async function refusalOf(world: World, id: string): Promise<string | undefined> {
  try {
    const answer = await world.fetch('shop:80', `/orders/${id}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ item: 'paddle', quantity: 1 }),
      signal: AbortSignal.timeout(60_000),
    });
    const said = await answer.text();
    return answer.status === 201 ? undefined : `${answer.status} ${said}`;
  } catch (error) {
    return String(error);
  }
}

/** The order of an id as the shop reads it back; undefined where it has none. */
export async function readOrder(world: World, id: string): Promise<{ id: string; item: string } | undefined> {
  const answer = await world.fetch('shop:80', `/orders/${id}`, { signal: AbortSignal.timeout(60_000) });
  if (answer.status === 200) return (await answer.json()) as { id: string; item: string };
  await answer.arrayBuffer();
  return undefined;
}

/** Starts `customers` who order one after the other until they are stopped. */
export function startLoad(world: World, customers = 4): Load {
  const acknowledged: string[] = [];
  const waiting = new Set<{ goal: number; reached: () => void }>();
  const refused: string[] = [];
  let stopped = false;

  async function customer(name: number): Promise<void> {
    for (let turn = 0; !stopped; turn += 1) {
      const id = `${name}-${turn}`;
      const refusal = await refusalOf(world, id);
      if (refusal === undefined) acknowledged.push(id);
      else {
        refused.push(`${new Date().toISOString()} ${refusal}`);
        // A customer who was sent away comes back a little later.
        await delay(50);
      }
      for (const one of waiting) {
        if (acknowledged.length < one.goal) continue;
        waiting.delete(one);
        one.reached();
      }
    }
  }

  const all = Array.from({ length: customers }, (_, name) => customer(name));
  return {
    acknowledged,
    refused,
    more(count) {
      return new Promise((resolve) => {
        waiting.add({ goal: acknowledged.length + count, reached: resolve });
      });
    },
    async stop() {
      stopped = true;
      await Promise.all(all);
    },
  };
}
