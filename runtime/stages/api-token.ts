import { createHash, timingSafeEqual } from 'node:crypto';

/** Header and metadata name of the API token. */
export const apiTokenHeader = 'dapr-api-token';

/** Whether a caller's token is the right one. */
export type TokenCheck = (given: string | undefined) => boolean;

/** The check for `DAPR_API_TOKEN`; undefined when there is none, and every caller is let in. Takes the same time whatever is wrong. */
export function tokenCheck(expected: string | undefined): TokenCheck | undefined {
  if (expected === undefined || expected === '') return undefined;
  const wanted = digest(expected);
  return (given) => given !== undefined && timingSafeEqual(digest(given), wanted);
}

const digest = (text: string) => createHash('sha256').update(text).digest();
