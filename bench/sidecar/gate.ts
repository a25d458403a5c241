import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from './result.ts';

type Bound = { against: string; atMost: number } | { against: string; atLeast: number };

/**
 * What a change must not make worse: ratios, to the bare servers of the same run or to a peer, by the row's name. They
 * are the figures of the last kept result (0.12, 0.21, 0.97) and half as much again or more, as a machine under other work
 * needs it.
 */
const bounds = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'gate.json'), 'utf8')) as Record<string, Bound>;

/** A line for each row whose ratio is out of its bound. */
export function worseThanGate(rows: readonly Row[]): string[] {
  return rows.flatMap(({ name, ratio, against }) => {
    const bound = bounds[name];
    if (bound === undefined || ratio === undefined || bound.against !== against) return [];
    const kept = 'atMost' in bound ? ratio <= bound.atMost : ratio >= bound.atLeast;
    const wanted = 'atMost' in bound ? `at most ${bound.atMost}` : `at least ${bound.atLeast}`;
    return kept ? [] : [`${name} is ${ratio.toFixed(2)} × ${against}; the gate is ${wanted}`];
  });
}
