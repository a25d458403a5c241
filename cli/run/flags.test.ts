import { Command } from 'commander';
import { describe, expect, it } from '#kit/testing/test.ts';
import { appOfFlags, runOptions } from './flags.ts';

const read = (...words: string[]) => {
  const program = new Command('run').argument('[command...]').exitOverride();
  for (const option of runOptions()) program.addOption(option);
  program.parse(words, { from: 'user' });
  return appOfFlags(program.args, program.opts());
};

describe('the flags of run', () => {
  it('are those of a run file', () => {
    const app = read('-a', 'shop', '-p', '3000', '--resources-path', 'a', '--resources-path', 'b', '--', 'node', '-v');
    expect(app).toEqual({
      appID: 'shop',
      appPort: 3000,
      resourcesPaths: ['a', 'b'],
      command: ['node', '-v'],
      directory: '.',
      dependsOn: [],
    });
  });

  it("may stand behind the app's words, as far as --", () => {
    const { command, resourcesPaths } = read('-a', 'shop', 'node', 'app.js', '--resources-path', 'a', '--', '-p', '1');
    expect({ command, resourcesPaths }).toEqual({ command: ['node', 'app.js', '-p', '1'], resourcesPaths: ['a'] });
  });

  it("may give a port as Dapr's defaults do: -1 is none", () => {
    expect(read('-a', 'shop', '--app-port=-1', '--metrics-port=-1')).not.toHaveProperty('appPort');
  });

  it('are all named that are wrong', () => {
    const wrong = ['--app-port=x', '--metrics-port=70000', '--log-level=loud', '--app-protocol=ftp'];
    expect(() => read(...wrong)).toThrow(
      /^--app-port=x: must be a whole number\n--app-id: .*\n--app-protocol=ftp: .*\n--metrics-port=70000: .*65535\n--log-level=loud: .*debug/,
    );
  });
});
