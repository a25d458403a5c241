import { describe, expect, it } from '#kit/testing/test.ts';
import { boolFlag, bytesFlag, choiceFlag, durationFlag, listFlag, portFlag, stringFlag, triStateFlag } from './flag.ts';
import { flagHelp } from './help.ts';
import { parseFlags } from './parse.ts';

const table = {
  mode: choiceFlag('Where it runs', ['standalone', 'kubernetes'], 'standalone'),
  port: portFlag('Port to listen on', 3500),
  'app-id': stringFlag('Name of the app'),
  'enable-metrics': boolFlag('Serve metrics', true),
  'enable-api-logging': triStateFlag('Log each API call'),
  interval: durationFlag('Pause between probes', '5s'),
  'max-body-size': bytesFlag('Largest body', '4Mi'),
  'resources-path': listFlag('Folders of resources'),
};

describe('parseFlags', () => {
  it('gives every flag its default', () => {
    expect(parseFlags(table, []).values).toEqual({
      mode: 'standalone',
      port: 3500,
      'app-id': '',
      'enable-metrics': true,
      'enable-api-logging': undefined,
      interval: 5_000,
      'max-body-size': 4_194_304,
      'resources-path': [],
    });
  });

  it('takes one dash or two, an equals sign or the next word', () => {
    const { values, given } = parseFlags(table, [
      '-port=1',
      '--app-id',
      'shop',
      '--mode=Kubernetes',
      '-interval',
      '2m',
    ]);
    expect(values).toMatchObject({ port: 1, 'app-id': 'shop', mode: 'kubernetes', interval: 120_000 });
    expect([...given].sort()).toEqual(['app-id', 'interval', 'mode', 'port']);
  });

  it('turns a boolean on when it stands alone and leaves the next word be', () => {
    const { values } = parseFlags(table, ['--enable-api-logging', '--enable-metrics=false']);
    expect(values).toMatchObject({ 'enable-api-logging': true, 'enable-metrics': false });
  });

  it('adds up a list given repeatedly or with commas', () => {
    expect(parseFlags(table, ['--resources-path=a,b', '--resources-path', 'c']).values['resources-path']).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  it('reports all bad values at once, each with its name', () => {
    expect(() =>
      parseFlags(table, ['--port=70000', '--mode=x', '--enable-metrics=perhaps', '--prot=1', 'word']),
    ).toThrow(
      [
        '--port=70000: must be a port between 0 and 65535',
        '--mode=x: must be one of standalone, kubernetes',
        '--enable-metrics=perhaps: must be true or false',
        '--prot: unknown flag, did you mean --port?',
        'unexpected argument "word"',
      ].join('\n'),
    );
  });

  it('says which flag lacks its value', () => {
    expect(() => parseFlags(table, ['--app-id'])).toThrow('--app-id: needs a value (string)');
  });
});

describe('flagHelp', () => {
  it('aligns the descriptions and shows defaults', () => {
    const page = flagHelp('daprd', 'the sidecar', table);
    const columns = page.split('\n').filter((line) => line.startsWith('  --'));
    expect(new Set(columns.map((line) => line.search(/ {2}[A-Z]/) > 0)).size).toBe(1);
    expect(page).toContain('(default 4Mi)');
  });
});
