const kib = 1_024;
const mib = kib * kib;
const gib = kib * mib;

/** Bounds of size histograms, in bytes. Source: Dapr `pkg/diagnostics`. */
export const sizeBuckets: readonly number[] = [
  ...[kib, 2 * kib, 4 * kib, 16 * kib, 64 * kib, 256 * kib],
  ...[mib, 4 * mib, 16 * mib, 64 * mib, 256 * mib, gib, 4 * gib],
];
