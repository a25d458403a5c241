import { toFault } from '#kit/errors/fault.ts';
import { parseDuration } from '#kit/values/duration.ts';

/** What is wrong with a field that holds a duration: at most one thing, and nothing where it is left out. */
export function durationProblems(field: string, text: string | undefined): string[] {
  if (!text) return [];
  try {
    parseDuration(text);
    return [];
  } catch (thrown) {
    return [`${field}: ${toFault(thrown).message}`];
  }
}
