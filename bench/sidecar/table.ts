import { keeps, type Result, type Row } from './result.ts';

const shown = (figure: number): string => (figure >= 100 ? figure.toFixed(0) : figure.toFixed(1));

/** A figure with its spread: `12.3 (11.9–13.0)`; alone where it was taken once. */
export function figureText(of: Row['subjects'][string] | undefined): string {
  if (of === undefined) return '–';
  return of.samples.length > 1 ? `${shown(of.median)} (${shown(of.min)}–${shown(of.max)})` : shown(of.median);
}

export function boundText({ limit }: Row): string {
  if (limit === undefined) return '';
  return 'atMost' in limit ? `≤ ${limit.atMost}` : `≥ ${limit.atLeast}`;
}

/** `kept`, `MISSED`, or nothing where there is no bound or nobody to compare with. */
export function verdict(row: Row): string {
  const kept = keeps(row);
  return kept === undefined ? '' : kept ? 'kept' : 'MISSED';
}

export const subjectsOf = (rows: readonly Row[]): string[] => [
  ...new Set(rows.flatMap((row) => Object.keys(row.subjects))),
];

/** The result as a Markdown table, its columns in line: medians with their spread, and which bounds are kept. */
export function table({ rows, curves }: Result): string {
  const subjects = subjectsOf(rows);
  const head = ['what', 'unit', ...subjects, 'ratio', 'bound', ''];
  const lines = rows.map((row) => {
    const ratio = row.ratio === undefined ? '' : `${row.ratio.toFixed(2)} × ${row.against}`;
    const figures = subjects.map((subject) => figureText(row.subjects[subject]));
    return [row.name, row.unit, ...figures, ratio, boundText(row), verdict(row)];
  });
  const widths = head.map((_, column) => Math.max(3, ...[head, ...lines].map((cells) => cells[column]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  const grown = curves.flatMap(({ name, x, unit, points }) =>
    Object.entries(points).map(([subject, sizes]) => {
      const figures = sizes.map(([size, value]) => `${size.toLocaleString('en')}: ${shown(value)}`);
      return `- ${name} by ${x}, ${subject}: ${figures.join(', ')} ${unit}`;
    }),
  );
  return [line(head), rule, ...lines.map(line), ...(grown.length > 0 ? ['', ...grown] : [])].join('\n');
}
