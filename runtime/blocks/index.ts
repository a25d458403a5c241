import type { Operation } from './operation.ts';
import { getState } from './state/get.ts';

/** Every operation of the API. A new one is a file of its own and a line here. */
export function operations(): readonly Operation[] {
  return [getState];
}
