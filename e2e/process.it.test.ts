import { readFile } from 'node:fs/promises';
import { eventually } from '#kit/testing/eventually.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { start } from './process.ts';

describe('a program that a test has started', () => {
  it('halts and goes on again and again, while its children come and go', async () => {
    const restless = 'while :; do sleep 0.001 & sleep 0.001; done';
    await using program = start('sh', 'sh', ['-c', restless], { log: '/dev/null' });
    for (let round = 0; round < 200; round += 1) {
      await program.halt();
      await program.goOn();
    }
    await program.halt();
    await eventually(async () => expect(await stateOf(program.pid)).toBe('T'));
    await program.goOn();
  });
});

/** The letter of a process's state, of `/proc/PID/stat`: T where it is stopped. */
async function stateOf(pid: number): Promise<string | undefined> {
  return (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.[0];
}
