/** How long an unfinished step stays silent before it says that it still runs. */
const heartbeat = 15_000;

/** Tells a person what is being done and how long it took. */
export interface Progress {
  /** Runs `work` as a named step; its note, if it returns one, is shown beside the time. */
  step<T>(title: string, work: () => Promise<T>, note?: (result: T) => string): Promise<T>;
  /** A line of its own between the steps. */
  say(line: string): void;
  /** A heading above the steps that follow. */
  heading(title: string): void;
}

export interface Terminal {
  write(text: string): unknown;
  isTTY?: boolean | undefined;
}

/**
 * Progress on a terminal, or on a plain stream such as a build log: the same
 * lines, without cursor movement and colour where there is no terminal.
 */
export function progress(out: Terminal, now: () => number = () => performance.now()): Progress {
  const paint = (code: number, text: string): string => (out.isTTY ? `\x1b[${code}m${text}\x1b[0m` : text);
  const line = (mark: string, title: string, detail: string): string => `${mark} ${title.padEnd(56)} ${detail}\n`;
  const begun = now();

  async function step<T>(title: string, work: () => Promise<T>, note?: (result: T) => string): Promise<T> {
    const started = now();
    const clear = out.isTTY ? '\r\x1b[K' : '';
    const running = (): unknown =>
      out.isTTY
        ? out.write(`${clear}${line('…', title, elapsed(now() - started)).trimEnd()}`)
        : out.write(line('…', title, elapsed(now() - started)));
    if (out.isTTY) running();
    const timer = setInterval(running, out.isTTY ? 1_000 : heartbeat);
    try {
      const result = await work();
      const detail = note ? `  ${paint(2, note(result))}` : '';
      out.write(clear + line(paint(32, '✓'), title, elapsed(now() - started) + detail));
      return result;
    } catch (error) {
      out.write(clear + line(paint(31, '✗'), title, elapsed(now() - started)));
      throw error;
    } finally {
      clearInterval(timer);
    }
  }

  return {
    step,
    say: (text) => out.write(`${text}\n`),
    heading: (title) => out.write(`\n${paint(1, title)}  ${paint(2, elapsed(now() - begun))}\n`),
  };
}

/** Progress that nobody watches: the work is done, nothing is written. */
export const silent: Progress = {
  step: (_title, work) => work(),
  say: () => undefined,
  heading: () => undefined,
};

/** Milliseconds as a person reads them: `0.4 s`, `12.3 s`, `4 min 35 s`. */
export function elapsed(milliseconds: number): string {
  const seconds = milliseconds / 1_000;
  if (seconds < 60) return `${seconds.toFixed(1).padStart(5)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}
