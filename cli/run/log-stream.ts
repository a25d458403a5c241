import type { Readable } from 'node:stream';

export type LogStream = {
  /** Copies a child's output line by line under its name, aligned with the others. */
  attach(name: string, source: Readable): void;
  /** Writes one line of our own. */
  line(name: string, text: string): void;
};

const colours = [36, 33, 35, 32, 34, 96, 93, 95] as const;

/**
 * One log for several processes: each line starts with the padded name of who wrote it, in a colour of its own when the
 * output is a terminal. A line without its end is held until the rest comes or the process ends.
 */
export function logStream(names: readonly string[], write: (text: string) => unknown, colour: boolean): LogStream {
  const width = Math.max(...names.map((name) => name.length));
  const prefix = (name: string): string => {
    const label = `${name.padEnd(width)} │ `;
    return colour ? `\u001b[${colours[names.indexOf(name) % colours.length]}m${label}\u001b[0m` : label;
  };
  return {
    line: (name, text) => void write(`${prefix(name)}${text}\n`),
    attach(name, source) {
      const label = prefix(name);
      let rest = '';
      source.setEncoding('utf8');
      source.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        if (lines.length > 0) write(lines.map((line) => `${label}${line}\n`).join(''));
      });
      source.on('end', () => {
        if (rest !== '') write(`${label}${rest}\n`);
      });
    },
  };
}
