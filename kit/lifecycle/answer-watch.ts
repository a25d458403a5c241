/** Told of every question to a peer and every answer. */
export type AnswerWatch = { asked(): void; answered(): void; stop(): void };

/**
 * Notices a peer that hangs: `silent` is called once when questions wait and none was answered for `ms`, which may be
 * up to `ms` late. A timer runs only while there are questions, one for all of them.
 */
export function answerWatch(ms: number, silent: () => void): AnswerWatch {
  let waiting = 0;
  let since = 0;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    timer = undefined;
    if (waiting === 0) return;
    const left = since + ms - performance.now();
    if (left > 0) timer = setTimeout(look, left).unref();
    else silent();
  };
  return {
    asked() {
      if (waiting++ === 0) since = performance.now();
      timer ??= setTimeout(look, ms).unref();
    },
    answered() {
      waiting--;
      since = performance.now();
    },
    stop() {
      clearTimeout(timer);
      waiting = 0;
    },
  };
}
