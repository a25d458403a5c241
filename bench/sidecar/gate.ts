import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from './result.ts';

type Bound = { against: string; atMost: number } | { against: string; atLeast: number };

/**
 * What a change must not make worse: ratios, to the bare servers of the same run or to a peer, by the row's name. They
 * are the figures of a quiet machine (0.12, 0.21, 0.97) and half as much again or more.
 */
const bounds = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'gate.json'), 'utf8')) as Record<string, Bound>;

/**
 * A line for each row whose ratio is out of its bound. It is that of the cheapest rounds: other work on the machine only
 * ever adds to a round, and rarely to all of them.
 */
export function worseThanGate(rows: readonly Row[]): string[] {
  return rows.flatMap(({ name, subjects, against = '' }) => {
    const bound = bounds[name];
    const [own, other] = [subjects['outrigger'], subjects[against]];
    if (bound === undefined || own === undefined || other === undefined || bound.against !== against) return [];
    const ratio = Math.min(...own.samples) / Math.min(...other.samples);
    const kept = 'atMost' in bound ? ratio <= bound.atMost : ratio >= bound.atLeast;
    const wanted = 'atMost' in bound ? `at most ${bound.atMost}` : `at least ${bound.atLeast}`;
    return kept ? [] : [`${name} is ${ratio.toFixed(2)} × ${against}; the gate is ${wanted}`];
  });
}
