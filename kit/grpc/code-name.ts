import { grpcCode } from '#kit/errors/table.ts';

const names = new Map<number, string>(
  Object.entries(grpcCode).map(([name, code]) => [code, code === grpcCode.OK ? name : goName(name)]),
);
names.set(grpcCode.CANCELLED, 'Canceled');

/** The name that Go's gRPC gives a status code, as metrics have it: `OK`, `NotFound`; `Code(42)` for one it has not. */
export function codeName(code: number): string {
  return names.get(code) ?? `Code(${code})`;
}

function goName(name: string): string {
  return name
    .split('_')
    .map((word) => word[0] + word.slice(1).toLowerCase())
    .join('');
}
