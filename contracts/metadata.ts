import { fault } from '#kit/errors/fault.ts';
import { parseDuration } from '#kit/values/duration.ts';
import type { Metadata } from './component.ts';

/** An item of a request's metadata by the first of its names that is there, in any case of letters. */
export function metadataItem(metadata: Metadata | undefined, ...names: readonly string[]): string | undefined {
  if (metadata === undefined) return undefined;
  for (const name of names) {
    if (name in metadata) return metadata[name];
    const wanted = name.toLowerCase();
    const found = Object.keys(metadata).find((one) => one.toLowerCase() === wanted);
    if (found !== undefined) return metadata[found];
  }
  return undefined;
}

/**
 * How long a message shall live, in milliseconds: `ttl` or `ttlInSeconds` as a duration, of which one below zero counts
 * as none at all, or as whole seconds; undefined where it says nothing. Throws `bad-request` naming a value that is none.
 */
export function timeToLive(metadata: Metadata | undefined): number | undefined {
  const text = metadataItem(metadata, 'ttl', 'ttlInSeconds');
  if (text === undefined || text === '') return undefined;
  const ms = /^\+?0*[1-9]\d*$/.test(text) ? Number(text) * 1_000 : durationOr(text);
  if (Number.isNaN(ms))
    throw fault('bad-request', `ttlInSeconds is "${text}": it must be a positive number of seconds, or a duration`);
  return Math.max(0, ms);
}

function durationOr(text: string): number {
  try {
    return parseDuration(text);
  } catch {
    return Number.NaN;
  }
}
