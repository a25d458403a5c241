import { eventually } from '#kit/testing/eventually.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { answerWatch } from './answer-watch.ts';

describe('a watch for answers', () => {
  it('is heard when questions wait and nothing is answered', async () => {
    let silences = 0;
    const watch = answerWatch(30, () => silences++);
    watch.asked();
    watch.asked();
    watch.answered();
    const began = performance.now();
    await eventually(() => expect(silences).toBe(1));
    expect(performance.now() - began).toBeGreaterThanOrEqual(29);
  });

  it('is quiet while answers come, when all have come, and when it was stopped', async () => {
    let silences = 0;
    const watches = [1, 2, 3].map(() => answerWatch(40, () => silences++));
    const [busy, done, stopped] = watches as [(typeof watches)[0], (typeof watches)[0], (typeof watches)[0]];
    for (const watch of watches) watch.asked();
    done.answered();
    stopped.stop();
    const until = performance.now() + 150;
    while (performance.now() < until) {
      busy.asked();
      busy.answered();
      await new Promise((resolve) => setImmediate(resolve));
    }
    busy.answered();
    expect(silences).toBe(0);
  });

  it('takes nobody for silent while it was itself that stood still', async () => {
    let silences = 0;
    const watch = answerWatch(20, () => silences++);
    watch.asked();
    let answers = 0;
    setImmediate(() => {
      watch.answered();
      answers++;
    });
    const until = performance.now() + 100;
    while (performance.now() < until);
    await eventually(() => expect(answers).toBe(1));
    expect(silences).toBe(0);
  });
});
