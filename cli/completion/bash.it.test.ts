import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Argument, Command, Option } from 'commander';
import { describe, expect, it } from '#kit/testing/test.ts';
import { bashCompletion } from './bash.ts';
import { vocabularyOf } from './vocabulary.ts';

const run = promisify(execFile);

const program = new Command('boat');
program.command('list').addOption(new Option('-o, --output <format>').choices(['table', 'json']));
program.command('explain').command('app <id>').option('--app-id <id>').option('-k, --kubernetes');
program.command('completion').addArgument(new Argument('<shell>').choices(['bash', 'zsh']));
const script = bashCompletion('boat', vocabularyOf(program));

/** What bash offers for a line; its last word is the one under the cursor. */
async function offered(...line: string[]): Promise<string[]> {
  const words = line.map((word) => `'${word}'`).join(' ');
  const ask = `COMP_WORDS=(boat ${words}); COMP_CWORD=${line.length}; _boat; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run('bash', ['-c', `${script}${ask}`], { cwd: import.meta.dirname });
  return stdout.trim().split('\n');
}

describe('completion in bash', () => {
  it('offers commands, and what is below them', async () => {
    expect(await offered('')).toEqual(['list', 'explain', 'completion', '--help']);
    expect(await offered('ex')).toEqual(['explain']);
    expect(await offered('explain', 'a')).toEqual(['app']);
  });

  it('offers the flags of the command that the line has come to', async () => {
    expect(await offered('explain', 'app', 'till', '--')).toEqual(['--app-id', '--kubernetes', '--help']);
    expect(await offered('list', '--h')).toEqual(['--help']);
  });

  it('offers the values of a flag and of an argument', async () => {
    expect(await offered('list', '-o', '')).toEqual(['table', 'json']);
    expect(await offered('list', '--output', 'j')).toEqual(['json']);
    expect(await offered('completion', 'z')).toEqual(['zsh']);
  });

  it('offers files where a flag takes any text, and behind --', async () => {
    expect(await offered('explain', 'app', '--app-id', 'fi')).toContain('fish.ts');
    expect(await offered('list', '--', 'fi')).toContain('fish.ts');
  });
});
