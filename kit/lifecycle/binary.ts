import { Fault, toFault } from '#kit/errors/fault.ts';
import { flagHelp } from '#kit/flags/help.ts';
import { type FlagTable, type ParsedFlags, parseFlags } from '#kit/flags/parse.ts';
import { jsonFormat, textFormat } from '#kit/log/format.ts';
import { createLogger, type Logger } from '#kit/log/logger.ts';
import type { LogFields, LogLevel } from '#kit/log/record.ts';

/** The part of `process` a binary's main hands over. */
export type World = {
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown };
  exit(code: number): void;
  on(event: NodeJS.Signals, listener: () => void): unknown;
};

/** What a running binary is given besides its configuration. */
export type Running = {
  log: Logger;
  /** Fires on SIGINT or SIGTERM, or when `stop` is called: drain, then return. */
  signal: AbortSignal;
  /** Asks for the same orderly end as SIGTERM. */
  stop(): void;
  /** Calls back on each SIGHUP, which otherwise ends the process. Callers take turns: the last one is called. */
  onHangup?(listener: () => void): void;
};

export type Binary<T extends FlagTable, C> = {
  name: string;
  /** What a fatal error is said to come from, if not `name`. */
  fatalName?: string;
  summary: string;
  version: string;
  flags: T;
  /** Scope of its log, such as `dapr.sentry`. */
  scope: string;
  /** Pure: flags and environment in, configuration out; throws `invalid-config` or `invalid-flags`. */
  configure(flags: ParsedFlags<T>, env: World['env']): C;
  logging(config: C): { level: LogLevel; json: boolean; fields?: LogFields };
  /** Builds and runs until the signal fires and all is drained. */
  run(config: C, running: Running): Promise<void>;
};

/**
 * Runs a binary to its exit code: 0 after a drained stop, 1 for bad flags or configuration, a failure, or a second
 * signal that cuts the drain short. Every bad flag is reported at once on stderr.
 */
export async function runBinary<T extends FlagTable, C>(binary: Binary<T, C>, world: World): Promise<void> {
  const prepared = prepare(binary, world);
  if (typeof prepared === 'number') return world.exit(prepared);
  const { log, config } = prepared;
  const abort = new AbortController();
  const onSignal = (name: NodeJS.Signals) => () => {
    if (abort.signal.aborted) {
      log.warn(`Received signal '${name}' again; exiting at once`);
      world.exit(1);
      return;
    }
    log.info(`Received signal '${name}'; beginning shutdown`);
    abort.abort();
  };
  world.on('SIGINT', onSignal('SIGINT'));
  world.on('SIGTERM', onSignal('SIGTERM'));
  let hangup: (() => void) | undefined;
  const onHangup = (listener: () => void) => {
    if (hangup === undefined) world.on('SIGHUP', () => hangup?.());
    hangup = listener;
  };
  try {
    await binary.run(config, { log, signal: abort.signal, stop: () => abort.abort(), onHangup });
    world.exit(0);
  } catch (thrown) {
    if (abort.signal.aborted && isAbort(thrown)) return world.exit(0);
    log.fatal(`Fatal error from ${binary.fatalName ?? binary.name}: ${describe(thrown)}`);
    world.exit(1);
  }
}

function prepare<T extends FlagTable, C>(binary: Binary<T, C>, world: World): { log: Logger; config: C } | number {
  try {
    const parsed = parseFlags(binary.flags, world.argv);
    if (parsed.help) {
      world.stdout.write(flagHelp(binary.name, binary.summary, binary.flags));
      return 0;
    }
    if (parsed.version) {
      world.stdout.write(`${binary.version}\n`);
      return 0;
    }
    const config = binary.configure(parsed, world.env);
    return { config, log: openLog(binary, config, world) };
  } catch (thrown) {
    const problems = toFault(thrown).message.replaceAll('\n', `\n${binary.name}: `);
    world.stderr.write(`${binary.name}: ${problems}\nRun '${binary.name} --help' for its flags.\n`);
    return 1;
  }
}

function openLog<T extends FlagTable, C>(binary: Binary<T, C>, config: C, world: World): Logger {
  const { level, json, fields } = binary.logging(config);
  return createLogger({
    scope: binary.scope,
    level,
    format: json ? jsonFormat : textFormat,
    write: (line) => world.stdout.write(line),
    fields: { ver: binary.version, ...fields },
  });
}

/** What waiting code throws when the signal cuts it short: no failure of ours. */
const isAbort = (thrown: unknown): boolean =>
  thrown instanceof Fault ? thrown.key === 'cancelled' : (thrown as Partial<Error> | undefined)?.name === 'AbortError';

function describe(thrown: unknown): string {
  if (thrown instanceof Fault) return thrown.message;
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
