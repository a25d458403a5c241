/**
 * A bucket's bound as the label `le` has it from programs of Go, Dapr's among them: `1.048576e+06` from a million on.
 * Series with another spelling are others to Prometheus 2. Source: Go's `strconv`, format `g`.
 */
export function boundText(bound: number): string {
  const size = Math.abs(bound);
  if (size === 0 || (size >= 1e-4 && size < 1e6) || !Number.isFinite(bound)) return String(bound);
  return bound.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}
