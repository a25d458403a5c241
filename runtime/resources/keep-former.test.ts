import { createLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { keepFormer } from './keep-former.ts';
import type { ResourceProblem } from './status-report.ts';

type Rule = { metadata: { name: string; generation?: number }; spec: string };
const rule = (name: string, spec: string): Rule => ({ metadata: { name }, spec });

function setUp(begun: Rule[]) {
  const lines: string[] = [];
  const told: (readonly ResourceProblem[])[] = [];
  const write = (line: string) => void lines.push(line);
  const log = createLogger({ ...{ scope: 'test', level: 'error', write }, format: (_time, _level, text) => text });
  const check = ({ spec }: Rule) => {
    if (spec === 'broken') throw new Error('it makes no sense');
  };
  const keep = keepFormer({
    ...{ kind: 'Rule', check, begun: Promise.resolve(begun), log },
    told: (problems) => void told.push(problems),
  });
  return { keep, lines, told };
}

describe('keepFormer', () => {
  it('puts the last good version in place of a broken one, and says so', async () => {
    const { keep, lines } = setUp([rule('a', '1'), rule('b', '1')]);
    expect(await keep([rule('a', 'broken'), rule('b', '2')])).toEqual({
      resources: [rule('a', '1'), rule('b', '2')],
      allWell: false,
    });
    expect((await keep([rule('a', 'broken'), rule('b', 'broken')])).resources).toEqual([
      rule('a', '1'),
      rule('b', '2'),
    ]);
    expect(lines[0]).toBe(
      'The new version of Rule a is not taken into use, the one before it serves on: it makes no sense',
    );
    expect(await keep([rule('a', '3')])).toEqual({ resources: [rule('a', '3')], allWell: true });
  });

  it('leaves one that never was any good, or was gone meanwhile, to whoever uses it', async () => {
    const { keep, lines } = setUp([rule('a', '1'), rule('c', 'broken')]);
    const never = [rule('c', 'broken'), rule('d', 'broken')];
    expect((await keep(never)).resources).toEqual(never);
    expect((await keep([rule('a', 'broken')])).resources).toEqual([rule('a', 'broken')]);
    expect(lines).toEqual([]);
  });

  it('tells of each that is not in use in its newest version, and what is instead, until all is well', async () => {
    const { keep, told } = setUp([rule('a', '1')]);
    const broken = { metadata: { name: 'a', generation: 7 }, spec: 'broken' };
    await keep([broken, rule('b', 'broken')]);
    expect(told.at(-1)).toEqual([
      { name: 'a', generation: 7, error: 'it makes no sense; the version before it serves on' },
      { name: 'b', generation: 0, error: 'it makes no sense; none before it is in use' },
    ]);
    await keep([rule('a', '2')]);
    expect(told.at(-1)).toEqual([]);
  });
});
