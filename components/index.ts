// Written by components/generate.ts: run `npm run gen:components`.
import type { Component } from '#contracts/component.ts';

/** Every component by `type/version`, both in lower case. A component is loaded when it is first asked for. */
export const components: Readonly<Record<string, () => Promise<Component>>> = {
  'state.in-memory/v1': async () => (await import('./state/in-memory.ts')).component,
};
