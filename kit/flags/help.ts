import type { FlagTable } from './parse.ts';

/** The `--help` page of a binary: usage, then its flags in a column that aligns. Deprecated flags are left out. */
export function flagHelp(binary: string, summary: string, table: FlagTable): string {
  const rows = Object.entries(table)
    .filter(([, flag]) => flag.deprecated === undefined)
    .map(([name, flag]) => ({
      left: `  --${name}${flag.type === 'bool' ? '' : ` ${flag.type}`}`,
      right: `${flag.description}${flag.defaultText === '' ? '' : ` (default ${flag.defaultText})`}`,
    }));
  const builtIn = [
    { left: '  --help', right: 'Print this page' },
    { left: '  --version', right: 'Print the version' },
  ];
  const all = [...rows, ...builtIn];
  const width = Math.max(...all.map((row) => row.left.length)) + 2;
  const lines = all.map((row) => `${row.left.padEnd(width)}${row.right}`);
  return `${binary}: ${summary}\n\nUsage:\n  ${binary} [flags]\n\nFlags:\n${lines.join('\n')}\n`;
}
