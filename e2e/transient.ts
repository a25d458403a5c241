import { setTimeout } from 'node:timers/promises';

const attempts = 4;

/** What a registry or the way to it does on a bad day, as go, mvn and pip tell it. */
const badDay =
  /dial tcp|i\/o timeout|timed out|connection re(set|fused)|unexpected EOF|TLS handshake|GOAWAY|: (429|50[0-9]) |no such host|server misbehaving|Temporary failure|Could not transfer|IncompleteRead|Connection broken/i;

/** Does what brings something from the network, again after a while where the network is what failed it. */
export async function despiteBadDays<T>(
  work: () => Promise<T>,
  pause: (ms: number) => Promise<unknown> = setTimeout,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === attempts || !badDay.test(String(error))) throw error;
      await pause(attempt * 5_000);
    }
  }
}
