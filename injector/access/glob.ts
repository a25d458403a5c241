import { fault } from '#kit/errors/fault.ts';

const special = /[\\^$.*+?()[\]{}|/-]/g;

/**
 * A test by Go's `path.Match`: `*` is any run and `?` any one character but `/`, `[a-z]` and `[^a-z]` are classes, `\`
 * takes the next character as it is. Throws `invalid-config` that names a pattern which makes no sense.
 */
export function glob(pattern: string): (text: string) => boolean {
  const parts = pattern.match(/\\[\s\S]|\[\^?(?:\\[\s\S]|[^\]\\])+\]|[\s\S]/g) ?? [];
  const source = parts.map((part) => translated(part, pattern)).join('');
  const expression = compile(`^${source}$`, pattern);
  return (text) => expression.test(text);
}

function translated(part: string, pattern: string): string {
  if (part === '*') return '[^/]*';
  if (part === '?') return '[^/]';
  if (part.startsWith('[') && part.length > 1) return part;
  if (part === '[' || part === '\\') throw fault('invalid-config', `the pattern "${pattern}" is not complete`);
  return (part.startsWith('\\') ? part.slice(1) : part).replace(special, '\\$&');
}

function compile(source: string, pattern: string): RegExp {
  try {
    return new RegExp(source, 's');
  } catch (cause) {
    throw fault('invalid-config', `the pattern "${pattern}" makes no sense`, { cause });
  }
}
