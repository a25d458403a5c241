import type { Prepared } from './prepare.ts';

/** Runs once after all stories: leaves the machine as it was found. */
export default async function finish(): Promise<void> {
  await (globalThis as Prepared).endStories?.();
}
