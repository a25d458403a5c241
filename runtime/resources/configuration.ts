import { readFile } from 'node:fs/promises';
import { type Configuration, configuration } from '#crds/configuration.ts';
import { fault } from '#kit/errors/fault.ts';
import type { Logger } from '#kit/log/logger.ts';
import { type Fields, isFields } from '#kit/values/fields.ts';
import { readDocuments } from './files.ts';

/** The Configuration that stands when none is given. */
export const defaultConfiguration = (): Configuration => configuration.parse({ kind: 'Configuration' });

/**
 * The Configuration of files, later ones laid over earlier ones: fields one by one, lists as a whole. `$VAR` and
 * `${VAR}` stand for the environment. Throws `invalid-config` that names the file.
 */
export async function configurationFromFiles(
  files: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  log: Logger,
): Promise<Configuration> {
  let merged: Fields = { kind: 'Configuration' };
  for (const file of files) {
    const text = expandEnv(await read(file), env);
    const { manifests, broken } = readDocuments(file, text, log);
    // Without it, what it denies would be allowed.
    if (broken > 0) throw fault('invalid-config', `error loading configuration: ${file} is not YAML throughout`);
    for (const { content } of manifests) merged = overlaid(merged, content);
  }
  try {
    return configuration.parse(merged);
  } catch (thrown) {
    const { message } = thrown as Error;
    throw fault('invalid-config', `error loading configuration: ${message}`, { cause: thrown });
  }
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw fault('invalid-config', `error loading configuration: cannot read ${file}: ${code}`, { cause });
  }
}

/** A text with `$VAR` and `${VAR}` replaced by the environment; unknown names become empty. Source: Go's os.ExpandEnv. */
export function expandEnv(text: string, env: Readonly<Record<string, string | undefined>>): string {
  return text.replace(/\$(?:\{([^}]*)\}|(\w+))/g, (_, braced?: string, bare?: string) => env[braced ?? bare!] ?? '');
}

function overlaid(under: Fields, over: Fields): Fields {
  const result: Fields = { ...under };
  for (const [name, value] of Object.entries(over)) {
    const below = result[name];
    result[name] = isFields(below) && isFields(value) ? overlaid(below, value) : value;
  }
  return result;
}

/** Preview features that are on: those which are by default, as the Configuration changes them, by name. */
export function enabledFeatures({ spec }: Configuration): string[] {
  const features = new Map([
    ['HotReload', true],
    ['WorkflowsRemoteActivityReminder', true],
  ]);
  for (const { name, enabled } of spec.features ?? []) features.set(name, enabled);
  return [...features].filter(([, on]) => on).map(([name]) => name);
}
