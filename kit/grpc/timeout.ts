const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/** Milliseconds of a `grpc-timeout` (at most eight digits and a unit), or undefined when it is not one. */
export function parseTimeout(text: string): number | undefined {
  const unit = unitMs[text.charAt(text.length - 1)];
  const digits = text.slice(0, -1);
  return unit !== undefined && /^\d{1,8}$/.test(digits) ? Number(digits) * unit : undefined;
}

/** The finest `grpc-timeout` which can hold that many milliseconds; at least one nanosecond. */
export function formatTimeout(ms: number): string {
  for (const unit of ['n', 'u', 'm', 'S', 'M']) {
    const count = Math.ceil(ms / unitMs[unit]!);
    if (count < 1e8) return `${Math.max(1, count)}${unit}`;
  }
  return `${Math.min(99_999_999, Math.ceil(ms / 3_600_000))}H`;
}

/** Longest delay which a timer can hold; longer deadlines need no timer. */
export const longestTimerMs = 2 ** 31 - 1;
