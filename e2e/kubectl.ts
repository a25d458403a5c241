import { command } from './command.ts';
import { run } from './run.ts';

/** kubectl against one cluster. */
export interface Kubectl {
  /** Runs it and answers its stdout. */
  (...args: string[]): Promise<string>;
  /** Applies manifests, `${NAME}` in them replaced by `values`. */
  apply(manifests: string, options?: { namespace?: string; values?: Record<string, string> }): Promise<string>;
  /** Reads objects as plain data: `json('get', 'pods')`. */
  json<T = Record<string, unknown>>(...args: string[]): Promise<T>;
}

export async function kubectlFor(kubeconfig: string): Promise<Kubectl> {
  const program = await command('kubectl');
  const call = (args: string[], input?: string): Promise<string> =>
    run(program, ['--kubeconfig', kubeconfig, ...args], input === undefined ? {} : { input });
  const kubectl = (...args: string[]): Promise<string> => call(args);
  return Object.assign(kubectl, {
    apply(manifests: string, { namespace, values = {} }: { namespace?: string; values?: Record<string, string> } = {}) {
      const scope = namespace ? ['--namespace', namespace] : [];
      return call([...scope, 'apply', '-f', '-'], fill(manifests, values));
    },
    async json<T>(...args: string[]): Promise<T> {
      return JSON.parse(await call([...args, '-o', 'json'])) as T;
    },
  });
}

function fill(text: string, values: Record<string, string>): string {
  return text.replace(/\$\{([A-Z_]+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`a manifest asks for \${${name}}, which has no value`);
    return value;
  });
}
