import { posix } from 'node:path';
import { fault } from '#kit/errors/fault.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const forbidden = /[#?\u0000-\u001f\u007f]/;

/** Names as most are: in that form already. */
const plain = /^[\w-]+(?:\/[\w-]+)*$/;

/**
 * The one form of a method in which it is authorised and forwarded: `.`, `..` and doubled slashes resolved, never above
 * the root, no trailing slash. Percent signs are taken as they are: an HTTP door decodes before. Throws `invalid-method`
 * for `#`, `?` and control characters.
 */
export function normalizeMethod(method: string): string {
  if (plain.test(method)) return method;
  const found = forbidden.exec(method);
  if (found) throw fault('invalid-method', `invalid method: ${why(found[0], found.index)}: ${JSON.stringify(method)}`);
  const cleaned = posix.normalize(method).replace(/^(?:\.\.\/)+/, '');
  const bare = cleaned.length > 1 ? cleaned.replace(/\/$/, '') : cleaned;
  return bare === '.' || bare === '..' ? '' : bare;
}

function why(character: string, at: number): string {
  if (character === '#' || character === '?' || character === '\u0000') return 'method contains forbidden character';
  return `method contains control character at position ${at}`;
}
