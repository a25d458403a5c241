import { goProgram } from '#e2e/go-program.ts';

/** Builds vegeta, a generator that paces each request by itself, of the version in go.mod unless the cache has it. */
export const vegetaProgram = (): Promise<string> =>
  goProgram('vegeta', import.meta.dirname, 'github.com/tsenart/vegeta/v12');
