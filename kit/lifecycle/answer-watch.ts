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
    if (left > 0) lookIn(left);
    else silent();
  };
  // Where this process itself stood still meanwhile, answers that have come are read first.
  const lookIn = (after: number): void => {
    timer = setTimeout(() => setImmediate(look), after).unref();
  };
  return {
    asked() {
      if (waiting++ === 0) since = performance.now();
      if (timer === undefined) lookIn(ms);
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
