import { Command, Option } from 'commander';
import { describe, expect, it } from '#kit/testing/test.ts';
import { fishCompletion } from './fish.ts';
import { vocabularyOf } from './vocabulary.ts';

describe('completion in fish', () => {
  it('tells commands and flags with what they mean, each where it belongs', () => {
    const program = new Command('boat');
    const list = program.command('list').summary("what's afloat");
    list.addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'json']));
    const script = fishCompletion('boat', vocabularyOf(program));
    expect(script).toContain("complete -c boat -n '__boat_at exactly' -a list -d 'what\\'s afloat'\n");
    expect(script).toContain(
      "complete -c boat -n '__boat_at below list' -l output -s o -xa 'table json' -d 'how to print'\n",
    );
  });
});
