import { table } from './table.ts';

/** Values of `--output`. */
export const outputFormats = ['table', 'json', 'yaml'] as const;

/** How a listing is printed: for eyes, or for programs. */
export type OutputFormat = (typeof outputFormats)[number];

/** A column of a table; programs get the whole row instead. */
export type Column<T> = { title: string; value(row: T): string };

/** A listing in the asked form; JSON and YAML carry the rows whole, the table only its columns. */
export async function formatRows<T>(
  format: OutputFormat,
  rows: readonly T[],
  columns: readonly Column<T>[],
): Promise<string> {
  if (format !== 'table') return formatValue(format, rows);
  return table(
    columns.map((column) => column.title),
    rows.map((row) => columns.map((column) => column.value(row))),
  );
}

/** Anything, for programs. */
export async function formatValue(format: Exclude<OutputFormat, 'table'>, value: unknown): Promise<string> {
  return format === 'json' ? `${JSON.stringify(value, null, 2)}\n` : (await import('yaml')).stringify(value);
}
