import type { Operation } from '../operations.ts';

/** The document after a JSON Patch, as an API server would apply it; throws where a path does not exist. */
export function applyPatch<T>(document: T, operations: readonly Operation[]): T {
  const root = { document: structuredClone(document) as unknown };
  for (const operation of operations) apply(root, operation);
  return root.document as T;
}

function apply(root: { document: unknown }, operation: Operation): void {
  const steps = ['document', ...operation.path.split('/').slice(1).map(unescaped)];
  const last = steps.pop()!;
  const parent = steps.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], root);
  if (typeof parent !== 'object' || parent === null) throw new Error(`${operation.path} has no parent`);
  if (Array.isArray(parent)) applyToList(parent, last, operation);
  else if (operation.op === 'add') (parent as Record<string, unknown>)[last] = operation.value;
  else delete (parent as Record<string, unknown>)[last];
}

function applyToList(list: unknown[], last: string, operation: Operation): void {
  const index = last === '-' ? list.length : Number(last);
  const inRange = operation.op === 'add' ? index <= list.length : index < list.length;
  if (!Number.isInteger(index) || !inRange) throw new Error(`${operation.path} is out of range`);
  if (operation.op === 'add') list.splice(index, 0, operation.value);
  else list.splice(index, 1);
}

const unescaped = (step: string): string => step.replaceAll('~1', '/').replaceAll('~0', '~');
