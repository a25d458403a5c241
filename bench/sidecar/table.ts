import { keeps, type Result, type Row } from './result.ts';

const shown = (figure: number): string => (figure >= 100 ? figure.toFixed(0) : figure.toFixed(1));

/** A figure with its spread: `12.3 (11.9–13.0)`. */
const figure = (of: Row['subjects'][string] | undefined): string =>
  of === undefined ? '–' : `${shown(of.median)} (${shown(of.min)}–${shown(of.max)})`;

export function boundText({ limit }: Row): string {
  if (limit === undefined) return '';
  return 'atMost' in limit ? `≤ ${limit.atMost}` : `≥ ${limit.atLeast}`;
}

/** The result as a Markdown table: medians with their spread. */
export function table({ rows, curves }: Result): string {
  const subjects = [...new Set(rows.flatMap((row) => Object.keys(row.subjects)))];
  const lines = rows.map((row) => {
    const kept = keeps(row);
    const verdict = kept === undefined ? '' : kept ? 'kept' : 'MISSED';
    const ratio = row.ratio === undefined ? '' : `${row.ratio.toFixed(2)} × ${row.against}`;
    const figures = subjects.map((subject) => figure(row.subjects[subject]));
    return `| ${[row.name, row.unit, ...figures, ratio, boundText(row), verdict].join(' | ')} |`;
  });
  const head = ['what', 'unit', ...subjects, 'ratio', 'bound', ''];
  const grown = curves.flatMap(({ name, x, unit, points }) =>
    Object.entries(points).map(([subject, line]) => {
      const figures = line.map(([size, value]) => `${size.toLocaleString('en')}: ${shown(value)}`);
      return `- ${name} by ${x}, ${subject}: ${figures.join(', ')} ${unit}`;
    }),
  );
  return [`| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`, ...lines, '', ...grown].join('\n');
}
