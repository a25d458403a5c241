import { fault } from '#kit/errors/fault.ts';

/** The request's `ttlInSeconds`: undefined when absent or empty, -1 to clear. Throws `bad-request` naming the value. */
export function ttlSeconds(metadata: Readonly<Record<string, string>> | undefined): number | undefined {
  const text = metadata?.['ttlInSeconds'];
  if (text === undefined || text === '') return undefined;
  const seconds = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds >= -1 && seconds <= 2 ** 31 - 1)) {
    throw fault(
      'bad-request',
      `metadata ttlInSeconds is "${text}": it must be a whole number of seconds, or -1 to clear`,
    );
  }
  return seconds;
}

/** Response metadata for a key that expires at that time (milliseconds since 1970). */
export function expireTime(expires: number | undefined): Readonly<Record<string, string>> | undefined {
  return expires === undefined ? undefined : { ttlExpireTime: `${new Date(expires).toISOString().slice(0, 19)}Z` };
}
