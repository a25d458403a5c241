import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { environment } from './environment.ts';

const execute = promisify(execFile);

/** Runs a program to its end. Fails with its stderr, or where that is empty its stdout, when it does not exit 0. */
export async function run(
  command: string,
  args: string[],
  options: { cwd?: string; env?: Record<string, string>; signal?: AbortSignal; input?: string } = {},
): Promise<string> {
  const { input, env, ...rest } = options;
  const running = execute(command, args, {
    ...rest,
    env: environment(env),
    maxBuffer: 64 * 1024 * 1024,
  });
  if (input !== undefined) running.child.stdin?.end(input);
  try {
    return (await running).stdout;
  } catch (error) {
    const { stderr = '', stdout = '', code } = error as { stderr?: string; stdout?: string; code?: unknown };
    const said = (stderr.trim() || stdout.trim()).split('\n').slice(-20).join('\n');
    throw new Error(`${command} ${args.slice(0, 4).join(' ')} failed (${String(code)}): ${said}`, { cause: error });
  }
}
