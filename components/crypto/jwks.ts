import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { defineComponent } from '#contracts/component.ts';
import { duration, secret } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';
import { keyOfJwk, type LocalKey } from './local-key.ts';
import { localProvider } from './local-provider.ts';

export const component = defineComponent({
  type: 'crypto.dapr.jwks',
  versions: ['v1'],
  title: 'JSON Web Key Set',
  description:
    'Takes keys, by their `kid`, from a key set: at a URL, in a file, or in the metadata itself. A set at a URL or in a file is read again when it is older than minRefreshInterval.',
  settings: z.object({
    jwks: secret('A http(s) URL, the path of a file, or the set itself, as JSON or that in base64.', {
      whenMissing: "metadata property 'jwks' is required",
    }),
    requestTimeout: duration('Longest wait for an answer of the URL; not positive is 30s.').default(30_000),
    minRefreshInterval: duration('How old the set may be; less than 1s is 10m.').default(600_000),
  }),
  open: async (settings, { signal }) => {
    const source = await sourceOf(settings, signal);
    const every = settings.minRefreshInterval < 1_000 ? 600_000 : settings.minRefreshInterval;
    const keys = cached(source, every, () => performance.now());
    await keys();
    return localProvider(async (name) => {
      const key = (await keys()).get(name);
      if (key === undefined) throw fault('not-found', `key ${name} is not in the key set`);
      return key;
    });
  },
});

type KeySet = ReadonlyMap<string, LocalKey>;
type Source = { read(): Promise<string>; fixed: boolean };

async function sourceOf(
  { jwks, requestTimeout }: { jwks: string; requestTimeout: number },
  signal: AbortSignal,
): Promise<Source> {
  if (/^https?:\/\//.test(jwks)) return { read: () => fetchText(jwks, requestTimeout || 30_000, signal), fixed: false };
  const inFile = await readFile(jwks, 'utf8').catch(() => undefined);
  if (inFile !== undefined) return { read: () => readFile(jwks, 'utf8'), fixed: false };
  const decoded = /^[A-Za-z0-9+/=\s]+$/.test(jwks) ? Buffer.from(jwks, 'base64').toString() : jwks;
  return { read: async () => decoded, fixed: true };
}

async function fetchText(url: string, timeoutMs: number, signal: AbortSignal): Promise<string> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return await answer.text();
  } catch (cause) {
    throw fault('unavailable', `jwks: ${url} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** Reads at most so often; a set that cannot be read again leaves the last one in use. */
export function cached({ read, fixed }: Source, everyMs: number, now: () => number): () => Promise<KeySet> {
  let current: KeySet | undefined;
  let readAt = 0;
  let reading: Promise<KeySet> | undefined;
  const readAgain = async (): Promise<KeySet> => {
    try {
      current = parseSet(await read());
    } catch (thrown) {
      if (current === undefined) throw thrown;
    }
    readAt = now();
    return current;
  };
  return async () => {
    if (current !== undefined && (fixed || now() - readAt < everyMs)) return current;
    reading ??= readAgain().finally(() => {
      reading = undefined;
    });
    return current ?? (await reading);
  };
}

function parseSet(text: string): KeySet {
  try {
    const { keys } = JSON.parse(text) as { keys: { kid?: string }[] };
    return new Map(keys.flatMap((jwk) => (jwk.kid === undefined ? [] : [[jwk.kid, keyOfJwk(jwk)]])));
  } catch {
    // The error may quote the set.
    throw fault('invalid-metadata', 'jwks: it is no URL, path of a file, or key set as JSON');
  }
}
