import { describe, expect, it } from '#kit/testing/test.ts';
import { parseRunFile } from './template.ts';

describe('parseRunFile', () => {
  it('lays common settings under each app and names an app after its folder', () => {
    const apps = parseRunFile(
      {
        version: 1,
        common: { resourcesPath: './res', env: { A: 1, B: 'x' } },
        apps: [{ appDirPath: './shop/', appPort: 3000, command: ['node', 'app.js'], env: { B: 'y' } }],
      },
      'dapr.yaml',
    );
    expect(apps).toEqual([
      {
        appID: 'shop',
        directory: './shop/',
        appPort: 3000,
        resourcesPath: './res',
        command: ['node', 'app.js'],
        dependsOn: [],
        env: { A: '1', B: 'y' },
      },
    ]);
  });

  it('names the file and every wrong field', () => {
    expect(() => parseRunFile({ version: 2, apps: [{ appDirPath: 'a', appPort: 'x' }] }, 'dapr.yaml')).toThrow(
      /dapr\.yaml: version: .*\ndapr\.yaml: apps\.0\.appPort: /,
    );
  });

  it('names a field that there is none of, and takes those that only Dapr uses', () => {
    const read = (own: object) => () => parseRunFile({ version: 1, apps: [{ appDirPath: 'a', ...own }] }, 'f');
    expect(read({ appPrt: 1 })).toThrow(/^f: apps\.0: .*appPrt/);
    expect(read({ containerImage: 'i', appLogDestination: 'console', apiListenAddresses: '::1' })).not.toThrow();
  });

  it('refuses two apps of one ID and a dependency that is not there', () => {
    const app = { appDirPath: 'a' };
    expect(() => parseRunFile({ version: 1, apps: [app, app] }, 'f')).toThrow('two apps have the ID "a"');
    expect(() => parseRunFile({ version: 1, apps: [{ ...app, dependsOn: ['b'] }] }, 'f')).toThrow('dependsOn "b"');
  });
});
