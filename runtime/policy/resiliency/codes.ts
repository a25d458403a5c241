import { fault } from '#kit/errors/fault.ts';

/** Status codes that a retry policy retries, as inclusive ranges; none given means every code. */
export type CodeRanges = readonly (readonly [from: number, to: number])[] | undefined;

/** Which answers of a call are worth another try. A code of 16 or less is gRPC's, of 100 or more HTTP's. */
export type RetryMatching = { http: CodeRanges; grpc: CodeRanges };

/** No codes are named: every failure is tried again. */
export const retryEverything: RetryMatching = { http: undefined, grpc: undefined };

/**
 * Reads `429,500-599`: codes and ranges, comma separated. Throws `invalid-config` naming the pattern and what is wrong.
 */
export function parseCodeRanges(text: string | undefined, kind: 'HTTP' | 'gRPC'): CodeRanges {
  if (text === undefined || text === '') return undefined;
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => parseRange(part, kind));
}

const limits = { HTTP: [100, 599], gRPC: [0, 16] } as const;

function parseRange(pattern: string, kind: 'HTTP' | 'gRPC'): readonly [number, number] {
  const match = /^(\d+)(?:-(\d+))?$/.exec(pattern);
  if (!match)
    throw fault(
      'invalid-config',
      `invalid pattern ${pattern}: a ${kind} status code or a range such as 500-599 is expected`,
    );
  const from = Number(match[1]);
  const to = Number(match[2] ?? match[1]);
  const [lowest, highest] = limits[kind];
  if (from < lowest || to > highest)
    throw fault('invalid-config', `invalid pattern ${pattern}: ${kind} status codes are ${lowest} to ${highest}`);
  if (to < from) throw fault('invalid-config', `invalid pattern ${pattern}: the range ends before it starts`);
  return [from, to];
}

/** Whether an answer with that status code is to be tried again. */
export function matchesCode(matching: RetryMatching, code: number): boolean {
  const ranges = code <= 16 ? matching.grpc : matching.http;
  if (ranges === undefined) return true;
  return ranges.some(([from, to]) => from <= code && code <= to);
}
