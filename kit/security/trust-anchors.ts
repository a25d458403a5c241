import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { fault, toFault } from '#kit/errors/fault.ts';
import { watchDirectories } from '#kit/files/watch.ts';
import type { Logger } from '#kit/log/logger.ts';
import { readAnchors } from '#kit/pki/bundle.ts';
import { certificatesPem } from '#kit/pki/certificate.ts';

/** A PEM file, watched for as long as we run, or PEM text to start with. */
export type TrustAnchorSource = { file: string } | { pem: string };

export type TrustAnchors = {
  /** The current anchors: PEM, certificates only. */
  pem(): string;
  onChange(listener: () => void): void;
  /**
   * Takes the anchors that an authority answered together with a certificate, over a connection that the present
   * anchors vouched for. So roots rotate where the anchors come from the environment; a file is left to its owner.
   */
  adopt?(pem: string): void;
};

/**
 * Opens the trust anchors; a file is waited for. A file that turns bad later is reported and the last good anchors stay.
 * Throws `invalid-config` when what is there at first is not a set of self-signed certificates.
 */
export async function openTrustAnchors(
  source: TrustAnchorSource,
  { log, signal }: { log: Logger; signal: AbortSignal },
): Promise<TrustAnchors> {
  if ('pem' in source) return adoptingAnchors(source.pem, log);
  const { file } = source;
  let current = await firstRead(file, log, signal);
  const listeners = new Set<() => void>();
  const reread = async () => {
    try {
      const next = normalised(await readFile(file, 'utf8'));
      if (next === current) return;
      current = next;
      log.info(`Trust anchors changed: ${file} read again`);
      for (const listener of listeners) listener();
    } catch (thrown) {
      log.warn(`Trust anchors in ${file} cannot be used, keeping the last ones: ${toFault(thrown).message}`);
    }
  };
  watchDirectories([path.dirname(file)], () => void reread(), { settleMs: 100, signal });
  return { pem: () => current, onChange: (listener) => void listeners.add(listener) };
}

function adoptingAnchors(given: string, log: Logger): TrustAnchors {
  let current = normalised(given);
  const listeners = new Set<() => void>();
  return {
    pem: () => current,
    onChange: (listener) => void listeners.add(listener),
    adopt(pem) {
      const next = normalised(pem);
      if (next === current) return;
      current = next;
      log.info('Trust anchors changed: took those of the authority');
      for (const listener of listeners) listener();
    },
  };
}

const normalised = (pem: string) => certificatesPem(readAnchors(pem));

async function firstRead(file: string, log: Logger, signal: AbortSignal): Promise<string> {
  for (let told = false; ; told = true) {
    const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return '';
      throw fault('invalid-config', `trust anchors file ${file}: ${cause.code}`, { cause });
    });
    if (text.trim() !== '') return normalised(text);
    if (!told) log.warn(`Trust anchors file ${file} is missing or empty; waiting for it`);
    await after(1_000, undefined, { signal });
  }
}
