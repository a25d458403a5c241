import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createLocalJWKSet, createRemoteJWKSet, customFetch, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { Agent, fetch as undiciFetch } from 'undici';
import { fault } from '#kit/errors/fault.ts';
import { watchDirectories } from '#kit/files/watch.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { JwksOptions } from '../settings.ts';

/**
 * The keys that tokens are verified by: from a URL (fetched when needed, again for unknown key IDs but not more often
 * than the interval), from a file (read again when it changes), or given as text, plain or in base64.
 * Throws `invalid-config` when file or text is not a key set.
 */
export async function openKeySource(
  options: JwksOptions,
  { log, signal }: { log: Logger; signal: AbortSignal },
): Promise<JWTVerifyGetKey> {
  const source = options.source.trim();
  if (/^https?:\/\//.test(source)) return remoteKeys(new URL(source), options);
  const inline = inlineText(source);
  if (inline !== undefined) return localKeys(inline, 'source');
  let keys = localKeys(await readSource(source), source);
  const reread = async () => {
    try {
      keys = localKeys(await readSource(source), source);
    } catch (thrown) {
      log.warn(`JWKS file cannot be used, keeping the last keys: ${(thrown as Error).message}`);
    }
  };
  watchDirectories([path.dirname(source)], () => void reread(), { settleMs: 500, signal });
  return (header, token) => keys(header, token);
}

async function remoteKeys(url: URL, options: JwksOptions): Promise<JWTVerifyGetKey> {
  const timing = { cooldownDuration: options.minRefreshIntervalMs, timeoutDuration: options.requestTimeoutMs };
  if (options.caCertificate === '') return createRemoteJWKSet(url, timing);
  const given = options.caCertificate;
  const ca = given.includes('-----BEGIN') ? given : await readSource(given);
  const dispatcher = new Agent({ connect: { ca } });
  return createRemoteJWKSet(url, {
    ...timing,
    [customFetch]: (address, init) =>
      undiciFetch(address, { ...init, dispatcher } as never) as unknown as Promise<Response>,
  });
}

function localKeys(text: string, from: string): JWTVerifyGetKey {
  try {
    return createLocalJWKSet(JSON.parse(text) as JSONWebKeySet);
  } catch (cause) {
    throw fault('invalid-config', `JWKS of the token validator (${from}): not a JSON Web Key Set`, { cause });
  }
}

/** The source itself where it is a key set, plain or in base64, rather than the name of a file. */
function inlineText(source: string): string | undefined {
  if (source.startsWith('{')) return source;
  const decoded = /^[A-Za-z0-9+/_=\s-]+$/.test(source) ? Buffer.from(source, 'base64').toString() : '';
  return decoded.trimStart().startsWith('{') ? decoded : undefined;
}

async function readSource(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    throw fault('invalid-config', `token validator: cannot read ${file}: ${code}`, { cause: thrown });
  }
}
