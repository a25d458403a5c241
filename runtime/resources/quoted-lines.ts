/**
 * Indents the further lines of quoted texts that go over several lines, which Go's reader takes at any indentation and
 * with tabs, while YAML 1.2 wants them deeper than their key. How deep is without meaning: lines of such texts are joined
 * by blanks.
 */
export function indentQuoted(text: string): string {
  const lines: string[] = [];
  let open: { quote: string; indent: string } | undefined;
  for (const line of text.split('\n')) {
    if (open) {
      lines.push(line.trim() === '' ? line : open.indent + line.trimStart());
      if (closes(line, open.quote)) open = undefined;
      continue;
    }
    lines.push(line);
    const [, before, quote, rest] = /^(\s*(?:- +)*(?:[^\s'"#][^'"#]*: +)?)(['"])(.*)$/.exec(line) ?? [];
    if (quote !== undefined && !closes(rest!, quote)) open = { quote, indent: ' '.repeat(before!.length + 1) };
  }
  return lines.join('\n');
}

/** Whether a quote of that kind ends on the rest of a line; a doubled or escaped one does not. */
function closes(rest: string, quote: string): boolean {
  const inner = quote === "'" ? rest.replaceAll("''", '') : rest.replace(/\\./g, '');
  return inner.includes(quote);
}
