import { goProgram } from '../go-program.ts';

/** OPA's own program, of the version that Dapr 1.18 has. */
export const opaProgram = (): Promise<string> =>
  goProgram('opa', import.meta.dirname, 'github.com/open-policy-agent/opa');
