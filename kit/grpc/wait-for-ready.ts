import { setTimeout as pause } from 'node:timers/promises';
import type { ConnectionPool } from './connection-pool.ts';
import type { Session } from './session.ts';

/** A session, tried for until one can be had or the call that waits for it is over. */
export async function waitForReady(pool: ConnectionPool, call: { readonly over: boolean }): Promise<Session> {
  for (;;) {
    try {
      return await pool.pick();
    } catch (thrown) {
      if (call.over || pool.disposed) throw thrown;
      await pause(Math.max(10, pool.pauseMs()));
    }
  }
}
