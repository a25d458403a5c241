/** A regular expression that matches whole keys as SQL LIKE does, with `\` to escape. */
export function likePattern(pattern: string): RegExp {
  const source = pattern.replace(/\\([\s\S])|[\s\S]/g, (char, escaped: string | undefined) => {
    if (escaped === undefined && char === '%') return '.*';
    if (escaped === undefined && char === '_') return '.';
    return RegExp.escape(escaped ?? char);
  });
  return new RegExp(`^${source}$`, 'su');
}

/** What every key that matches begins with: the pattern up to its first `%` or `_`. */
export function likePrefix(pattern: string): string {
  const literal = /^(?:\\[\s\S]|[^\\%_])*/.exec(pattern)![0];
  return literal.replace(/\\([\s\S])/g, '$1');
}
