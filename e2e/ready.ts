import { eventually } from './eventually.ts';
import type { Process } from './process.ts';

/**
 * The server, once `probe` answers something; where it ends before that, or is never ready, it is stopped and the error
 * names its log.
 */
export async function ready(server: Process, log: string, probe: () => Promise<unknown>): Promise<Process> {
  try {
    await eventually(`${server.name} (log: ${log})`, probe, { alive: server.alive });
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}
