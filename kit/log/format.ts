import type { LogFields, LogLevel } from './record.ts';

/** Turns a record into one line, newline included. */
export type LogFormat = (time: Date, level: LogLevel, message: string, fields: LogFields) => string;

/**
 * Dapr's text form: `time="…" level=info msg="…"` then the fields by name; a value is quoted, with `"`, `\` and line
 * breaks escaped, when it holds anything but letters, digits and `-._/@^+`. Source: logrus' TextFormatter.
 */
export const textFormat: LogFormat = (time, level, message, fields) => {
  const rest = sorted(fields)
    .map(([key, value]) => ` ${key}=${quoted(String(value))}`)
    .join('');
  return `time="${time.toISOString().replace('Z', '000000Z')}" level=${level} msg=${quoted(message)}${rest}\n`;
};

/** Dapr's JSON form: one object a line with the same keys as the text form. */
export const jsonFormat: LogFormat = (time, level, message, fields) =>
  `${JSON.stringify({ ...Object.fromEntries(sorted(fields)), level, msg: message, time: time.toISOString() })}\n`;

function sorted(fields: LogFields): [string, unknown][] {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function quoted(text: string): string {
  return /^[A-Za-z0-9\-._/@^+]+$/.test(text) ? text : JSON.stringify(text);
}
