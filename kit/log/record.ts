/** Severity names as Dapr writes them. */
export type LogLevel = 'debug' | 'info' | 'warning' | 'error' | 'fatal';

export const logLevels = ['debug', 'info', 'warning', 'error', 'fatal'] as const satisfies readonly LogLevel[];

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;
