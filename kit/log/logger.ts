import type { LogFormat } from './format.ts';
import { type LogFields, type LogLevel, logLevels } from './record.ts';

/** Structured log of one part of a binary. Nothing secret may go into messages or fields. */
export type Logger = {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  fatal(message: string, fields?: LogFields): void;
  /** True when a record of that level is written; guard costly messages on the hot path by it. */
  enabled(level: LogLevel): boolean;
  /** A logger of another scope (`dapr.runtime.http`), sharing level and sink, adding fields to each record. */
  scoped(scope: string, fields?: LogFields): Logger;
};

export type LoggerOptions = {
  scope: string;
  level: LogLevel;
  format: LogFormat;
  /** Receives one finished line with its newline. */
  write(line: string): void;
  now?: () => Date;
  fields?: LogFields;
};

/** Makes a logger; records below `level` cost one comparison. */
export function createLogger(options: LoggerOptions): Logger {
  const threshold = logLevels.indexOf(options.level);
  const now = options.now ?? (() => new Date());
  const at = (scope: string, base: LogFields): Logger => {
    const record =
      (level: LogLevel, rank: number) =>
      (message: string, fields?: LogFields): void => {
        if (rank < threshold) return;
        options.write(options.format(now(), level, message, { ...base, ...fields, scope, type: 'log' }));
      };
    return {
      debug: record('debug', 0),
      info: record('info', 1),
      warn: record('warning', 2),
      error: record('error', 3),
      fatal: record('fatal', 4),
      enabled: (level) => logLevels.indexOf(level) >= threshold,
      scoped: (inner, fields) => at(inner, { ...base, ...fields }),
    };
  };
  return at(options.scope, options.fields ?? {});
}

/** A logger that writes nothing, for tests and optional parameters. */
export const silentLogger: Logger = createLogger({ scope: '', level: 'fatal', format: () => '', write: () => {} });
