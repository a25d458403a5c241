import { goProgram } from '../go-program.ts';

/** Consul, of the last version under the MPL. */
export const consulProgram = (): Promise<string> =>
  goProgram('consul', import.meta.dirname, 'github.com/hashicorp/consul');
