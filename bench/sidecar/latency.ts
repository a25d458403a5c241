import { join } from 'node:path';
import process from 'node:process';
import { eventually } from '#e2e/eventually.ts';
import { freePorts } from '#e2e/ports.ts';
import { start } from '#e2e/process.ts';
import { onServerCore } from './cores.ts';
import { alternate } from './measure.ts';
import { paced } from './pace.ts';
import { isOpen } from './port.ts';
import type { Row } from './result.ts';
import { row } from './rows.ts';
import { quantile } from './statistics.ts';

export type LatencyOptions = {
  /** URL of the app's page by subject, through two of its sidecars. */
  urls: Readonly<Record<string, string>>;
  /** Where the app itself listens. */
  app: number;
  /** Behind the rows' names. */
  suffix: string;
  rounds: number;
  /** Has the log of the relays. */
  folder: string;
};

const perSecond = 1_000;
const quantiles = { p50: 0.5, p90: 0.9, p99: 0.99, 'p99.9': 0.999 };

/**
 * What two hops add at 1,000 requests a second, whatever the answers take: each quantile less that of calling the app
 * directly. The prototype is two bare relays in the sidecars' place: what waking two processes costs, without their work.
 */
export async function measureLatency({ urls, app, suffix, rounds, folder }: LatencyOptions): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const pace = (url: string) => () => paced(url, perSecond, 4);
  const relayed = await startRelays(app, folder, stack);
  const hops = { ...urls, prototype: `http://127.0.0.1:${relayed}/page` };
  const tasks = Object.entries(hops).map(([subject, url]) => [subject, pace(url)] as const);
  const direct = pace(`http://127.0.0.1:${app}/page`);
  const samples = await alternate({ direct, ...Object.fromEntries(tasks) }, rounds);
  return Object.entries(quantiles).map(([name, share]) => {
    const added = Object.keys(hops).map((subject) => [
      subject,
      samples[subject]!.map((sorted, round) => quantile(sorted, share) - quantile(samples['direct']![round]!, share)),
    ]);
    return row(`latency added at 1,000/s, ${name}${suffix}`, 'µs', Object.fromEntries(added));
  });
}

/** Two relays before the app, on the sidecars' core; answers the port of the first. */
async function startRelays(app: number, folder: string, stack: AsyncDisposableStack): Promise<number> {
  const [first, second] = (await freePorts(2)) as [number, number];
  const hops: [number, number][] = [
    [second, app],
    [first, second],
  ];
  for (const [port, to] of hops) {
    const relay = ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'relay.ts'), `${port}`, `${to}`];
    const [command, ...args] = onServerCore([process.execPath, ...relay]);
    stack.use(start('relay', command!, args, { log: join(folder, `relay-${port}`) }));
    await eventually('a relay to listen', async () => ((await isOpen(port)) ? true : undefined));
  }
  return first;
}
