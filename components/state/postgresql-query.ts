import type { StateQuery } from '#contracts/state.ts';
import { fault } from '#kit/errors/fault.ts';

/** A WHERE clause, and what goes behind it, with the values of its `$1`, `$2` …; the field names are values too. */
export type QuerySql = { where: string; order: string; page: string; values: unknown[] };

type Sink = (value: unknown) => string;
type Operator = (operand: unknown, put: Sink) => string;

const order = { EQ: '=', NEQ: '!=', GT: '>', GTE: '>=', LT: '<', LTE: '<=' } as const;

/** Texts and truths compare as texts, numbers as numbers, as in Dapr. */
const comparison =
  (symbol: string, numbersOnly: boolean): Operator =>
  (operand, put) => {
    const [field, value] = entryOf(operand);
    if (!numbersOnly) return `${fieldOf(field, put)} ${symbol} ${put(textOf(value))}::text`;
    if (typeof value !== 'number') throw refused(`the value for ${field} must be a number`);
    return `${numberOf(field, put)} ${symbol} ${put(String(value))}::text::numeric`;
  };

const either =
  (word: string): Operator =>
  (operand, put) => {
    if (!Array.isArray(operand) || operand.length === 0) throw refused(`${word} needs a list of conditions`);
    return `(${operand.map((one) => condition(one, put)).join(` ${word} `)})`;
  };

const operators: Readonly<Record<string, Operator>> = {
  ...Object.fromEntries(
    Object.entries(order).map(([name, symbol]) => [name, comparison(symbol, name !== 'EQ' && name !== 'NEQ')]),
  ),
  IN(operand, put) {
    const [field, values] = entryOf(operand);
    if (!Array.isArray(values) || values.length === 0) throw refused(`empty IN operator for key "${field}"`);
    return `${fieldOf(field, put)} = ANY(${put(values.map(textOf))}::text[])`;
  },
  AND: either('AND'),
  OR: either('OR'),
};

/** Translates a query over JSON in the column `value`. Throws `bad-request` for operators and values it cannot. */
export function queryOf({ filter, sort, page }: StateQuery): QuerySql {
  const values: unknown[] = [];
  const put: Sink = (value) => `$${values.push(value)}`;
  const where = Object.keys(filter).length === 0 ? 'TRUE' : condition(filter, put);
  const by = sort.map(({ key, order: direction }) => `value #> ${put(key.split('.'))}::text[] ${direction}`);
  return {
    where,
    order: by.length > 0 ? `ORDER BY ${by.join(', ')}` : '',
    page: `${page.limit > 0 ? `LIMIT ${put(page.limit)}::bigint` : ''} OFFSET ${put(skipped(page.token))}::bigint`,
    values,
  };
}

/** How many items the pages before this one had. */
export function skipped(token: string): number {
  if (/^\d*$/.test(token)) return Number(token);
  throw refused(`page token "${token}" is none of this store`);
}

function condition(filter: unknown, put: Sink): string {
  const [name, operand] = entryOf(filter);
  const operator = Object.hasOwn(operators, name) ? operators[name]! : undefined;
  if (operator === undefined) throw refused(`operator ${name} is not supported`);
  return operator(operand, put);
}

const fieldOf = (field: string, put: Sink): string => `(value #>> ${put(field.split('.'))}::text[])`;

/** NULL where it is no number, which no comparison holds for. */
function numberOf(field: string, put: Sink): string {
  const path = put(field.split('.'));
  return `CASE jsonb_typeof(value #> ${path}::text[]) WHEN 'number' THEN (value #>> ${path}::text[])::numeric END`;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function entryOf(value: unknown): [name: string, operand: unknown] {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (entries.length !== 1) throw refused('a condition must have one name and one operand');
  return entries[0]!;
}

const refused = (why: string) => fault('bad-request', `the query cannot be run: ${why}`);
