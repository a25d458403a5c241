import { fault } from '#kit/errors/fault.ts';
import { type BreakerCounts, defaultTrip } from './breaker.ts';

/**
 * Compiles a breaker's trip rule, a CEL expression over `requests`, `totalSuccesses`, `totalFailures`,
 * `consecutiveSuccesses` and `consecutiveFailures`; none gives Dapr's default. A rule that fails while it runs does not
 * trip. Throws `invalid-config` for an expression that does not parse.
 */
export async function compileTrip(expression: string | undefined): Promise<(counts: BreakerCounts) => boolean> {
  if (expression === undefined || expression.trim() === '') return defaultTrip;
  const { parse, celEnv, plan } = await import('@bufbuild/cel');
  try {
    const evaluate = plan(celEnv(), parse(expression));
    return (counts) => {
      const bound = Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, BigInt(count)]));
      return evaluate(bound) === true;
    };
  } catch (cause) {
    throw fault(
      'invalid-config',
      `"${expression}" is not a CEL expression: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    );
  }
}
