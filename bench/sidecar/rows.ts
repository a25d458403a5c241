import type { Row } from './result.ts';
import { summarize } from './statistics.ts';

/** Bounds of issue 4, as ratios to daprd in the same run, or to the bare prototype. */
const limits: Readonly<Record<string, NonNullable<Row['limit']>>> = {
  'CPU, state get, HTTP': { atMost: 0.5 },
  'CPU, state get, gRPC': { atMost: 0.85 },
  'throughput, state get, HTTP': { atLeast: 2.5 },
  'throughput, invocation of 1 KB through two sidecars, HTTP': { atLeast: 2 },
  'throughput, invocation of 1 KB through two sidecars, HTTP, mTLS': { atLeast: 2 },
  'CPU, invocation of 1 KB through two sidecars, HTTP': { atMost: 0.55 },
  'CPU, invocation of 1 KB through two sidecars, HTTP, mTLS': { atMost: 0.55 },
  'latency added at 1,000/s, p50': { atMost: 0.6 },
  'latency added at 1,000/s, p99': { atMost: 0.75 },
  'resident memory, idle': { atMost: 0.6 },
  'resident memory, after load': { atMost: 0.9 },
  'resident memory, later': { atMost: 0.75 },
  'start to healthy': { atMost: 1 },
  'CPU, own RPC layer': { atMost: 1.5 },
};

/** Makes a row of samples by subject; ours is compared with `against` if that was measured. */
export function row(name: string, unit: string, samples: Readonly<Record<string, number[]>>, against = 'daprd'): Row {
  const subjects = Object.fromEntries(
    Object.entries(samples).map(([subject, figures]) => [subject, { ...summarize(figures), samples: figures }]),
  );
  const [own, other] = [subjects['outrigger'], subjects[against]];
  return {
    name,
    unit,
    subjects,
    ...(own && other ? { ratio: own.median / other.median, against } : {}),
    ...(limits[name] ? { limit: limits[name] } : {}),
  };
}
