import type { Concurrency, Consistency } from '#contracts/state.ts';
import {
  type StateOptions,
  StateOptions_StateConcurrency as WireConcurrency,
  StateOptions_StateConsistency as WireConsistency,
} from '#proto/dapr/proto/common/v1/common_pb.js';

const consistencies: Readonly<Record<string, WireConsistency>> = {
  eventual: WireConsistency.CONSISTENCY_EVENTUAL,
  strong: WireConsistency.CONSISTENCY_STRONG,
};
const concurrencies: Readonly<Record<string, WireConcurrency>> = {
  'first-write': WireConcurrency.CONCURRENCY_FIRST_WRITE,
  'last-write': WireConcurrency.CONCURRENCY_LAST_WRITE,
};

/** The REST word of a consistency as on the wire; unknown words count as none given. */
export const wireConsistency = (word: string | null | undefined): WireConsistency =>
  consistencies[word ?? ''] ?? WireConsistency.CONSISTENCY_UNSPECIFIED;

/** The enum of a word of a REST body; a word that is none asks for nothing. */
export const wireConcurrency = (word: string | null | undefined): WireConcurrency =>
  concurrencies[word ?? ''] ?? WireConcurrency.CONCURRENCY_UNSPECIFIED;

/** What a store is told; undefined leaves it to the store. */
export function consistencyOf(value: WireConsistency | undefined): Consistency | undefined {
  if (value === WireConsistency.CONSISTENCY_EVENTUAL) return 'eventual';
  return value === WireConsistency.CONSISTENCY_STRONG ? 'strong' : undefined;
}

/** What a store is told; undefined leaves it to the store. */
function concurrencyOf(value: WireConcurrency | undefined): Concurrency | undefined {
  if (value === WireConcurrency.CONCURRENCY_FIRST_WRITE) return 'first-write';
  return value === WireConcurrency.CONCURRENCY_LAST_WRITE ? 'last-write' : undefined;
}

/** The part of a store's request that says how to write. */
export const writeOptions = (options: StateOptions | undefined) => ({
  consistency: consistencyOf(options?.consistency),
  concurrency: concurrencyOf(options?.concurrency),
});
