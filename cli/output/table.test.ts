import { describe, expect, it } from '#kit/testing/test.ts';
import { table } from './table.ts';

describe('table', () => {
  it('aligns every column to its widest cell and leaves no trailing blanks', () => {
    expect(table(['NAME', 'TYPE'], [['statestore', 'state.redis'], ['x']])).toBe(
      'NAME        TYPE\nstatestore  state.redis\nx\n',
    );
  });
});
