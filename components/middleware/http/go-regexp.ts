import { fault } from '#kit/errors/fault.ts';

/**
 * A pattern in Go's notation as far as it differs: flags in front (`(?i)`, `(?s)`, `(?m)`) and named groups
 * (`(?P<name>…)`). Throws `invalid-metadata` naming the setting.
 */
export function goRegExp(setting: string, pattern: string): RegExp {
  const [, flags = '', rest = pattern] = /^\(\?([ims]+)\)([\s\S]*)$/.exec(pattern) ?? [];
  try {
    return new RegExp(rest.replaceAll('(?P<', '(?<'), flags);
  } catch (cause) {
    throw fault('invalid-metadata', `${setting}: ${(cause as Error).message}`, { cause });
  }
}
