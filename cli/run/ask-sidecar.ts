import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fault } from '#kit/errors/fault.ts';
import type { CliWorld } from '../world.ts';
import { localRuns, notRunning } from './local-runs.ts';

/** One call of a sidecar's HTTP API; `path` starts with a slash. */
export type SidecarCall = { path: string; method: string; contentType: string; body: Buffer };

/**
 * Calls the sidecar of an app that runs here and answers the body. Throws `not-found` where the app does not run, and
 * `bad-request` or `unavailable` with what the sidecar said where it answers 400 or more.
 */
export async function askSidecar(appId: string, call: SidecarCall, world: CliWorld): Promise<string> {
  const found = (await localRuns(world).list()).find((run) => run.appId === appId);
  if (found === undefined) throw fault('not-found', notRunning(appId));
  const response = await fetch(`http://127.0.0.1:${found.ports.http}${call.path}`, {
    method: call.method,
    headers: { 'content-type': call.contentType },
    ...(call.body.length > 0 && { body: call.body }),
  }).catch((cause) => {
    throw fault('unavailable', `the sidecar of ${appId} does not answer on port ${found.ports.http}`, { cause });
  });
  const text = await response.text();
  if (response.status < 400) return text;
  const kind = response.status < 500 ? 'bad-request' : 'unavailable';
  throw fault(kind, `${call.method} ${call.path} answered ${response.status}: ${text || response.statusText}`);
}

export type PayloadOptions = { data?: string; dataFile?: string };

/** What `--data` or `--data-file` says, empty without either. Throws `invalid-flags` where both are there or the file is not. */
export async function payloadOf({ data, dataFile }: PayloadOptions, { cwd }: CliWorld): Promise<Buffer> {
  if (data !== undefined && dataFile !== undefined)
    throw fault('invalid-flags', '--data and --data-file: give one of them');
  if (dataFile === undefined) return Buffer.from(data ?? '');
  return readFile(path.resolve(cwd, dataFile)).catch((cause) => {
    throw fault('invalid-flags', `--data-file=${dataFile}: cannot be read: ${cause.code ?? cause.message}`, { cause });
  });
}
