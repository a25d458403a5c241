import { setTimeout as pause } from 'node:timers/promises';

/** Polls until the condition holds; rejects when it does not within the time. */
export async function eventually(condition: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not so within ${withinMs} ms: ${condition.toString()}`);
    await pause(5);
  }
}
