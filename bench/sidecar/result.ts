import { cpus, release, totalmem } from 'node:os';
import type { Summary } from './statistics.ts';

/** One line of the result: what was measured of whom, and how ours compares. */
export type Row = {
  name: string;
  unit: string;
  /** Figures by subject. */
  subjects: Record<string, Summary & { samples: number[] }>;
  /** Ours by the peer's (or the prototype's, where `against` says so). */
  ratio?: number;
  against?: string;
  /** The bound of issue 4, if it sets one. */
  limit?: { atMost: number } | { atLeast: number };
};

/** How a figure grows: by subject, pairs of size and figure. */
export type Curve = { name: string; x: string; unit: string; points: Record<string, [size: number, figure: number][]> };

export type Result = {
  at: string;
  machine: Record<string, string | number>;
  options: object;
  rows: Row[];
  curves: Curve[];
};

/** What a figure depends on. */
export function machine(versions: Readonly<Record<string, string>>): Result['machine'] {
  const [cpu] = cpus();
  return {
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    ...versions,
  };
}

/** Whether a row keeps its bound; undefined where there is none, or nothing to compare with. */
export function keeps({ ratio, limit }: Row): boolean | undefined {
  if (ratio === undefined || limit === undefined) return undefined;
  return 'atMost' in limit ? ratio <= limit.atMost : ratio >= limit.atLeast;
}
