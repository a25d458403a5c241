import { type Fault, fault } from '#kit/errors/fault.ts';
import type { FaultKey } from '#kit/errors/table.ts';

/** The `Status` object that the API server answers errors with. */
export type Status = { kind?: string; message?: string; reason?: string; code?: number };

const keys: Readonly<Record<number, FaultKey>> = {
  400: 'bad-request',
  401: 'unauthenticated',
  403: 'permission-denied',
  404: 'not-found',
  405: 'unimplemented',
  409: 'conflict',
  410: 'gone',
  413: 'too-large',
  422: 'bad-request',
  504: 'deadline-exceeded',
};

/** The fault of a status code other than success, naming the call, the status and what the server said. */
export function statusFault(call: string, code: number, body: string): Fault {
  const status = readStatus(body);
  const reason = status?.reason ? ` ${status.reason}` : '';
  const key = status?.reason === 'AlreadyExists' ? 'already-exists' : (keys[code] ?? 'unavailable');
  const said = status?.message ? `: ${status.message}` : '';
  return fault(key, `${call}: ${code}${reason}${said}`);
}

function readStatus(body: string): Status | undefined {
  try {
    const value = JSON.parse(body) as Status | null;
    return value?.kind === 'Status' ? value : undefined;
  } catch {
    return undefined;
  }
}
