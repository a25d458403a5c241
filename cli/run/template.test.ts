import { describe, expect, it } from '#kit/testing/test.ts';
import { parseRunFile } from './template.ts';

const place = { folder: '/src', home: '/home/me', exists: () => false };

describe('parseRunFile', () => {
  it('lays common settings under each app and names an app after its folder', () => {
    const apps = parseRunFile(
      {
        version: 1,
        common: { resourcesPath: './res', env: { A: 1, B: 'x' } },
        apps: [{ appDirPath: './shop/', appPort: 3000, command: ['node', 'app.js'], env: { B: 'y' } }],
      },
      'dapr.yaml',
      place,
    );
    expect(apps).toEqual([
      {
        appID: 'shop',
        directory: '/src/shop',
        appPort: 3000,
        resourcesPaths: ['/src/res'],
        command: ['node', 'app.js'],
        dependsOn: [],
        env: { A: '1', B: 'y' },
      },
    ]);
  });

  it('takes the paths of an app from its folder, and lets them stand in place of the common ones', () => {
    const common = { resourcesPaths: ['res'], resourcesPath: '~/more', configFilePath: 'c.yaml' };
    const apps = [{ appDirPath: 'shop', resourcesPath: '../own', configFilePath: 'd.yaml' }, { appDirPath: '/till' }];
    expect(parseRunFile({ version: 1, common, apps }, 'f', place)).toMatchObject([
      { directory: '/src/shop', resourcesPaths: ['/src/own'], configFilePath: '/src/shop/d.yaml' },
      { directory: '/till', resourcesPaths: ['/src/res', '/home/me/more'], configFilePath: '/src/c.yaml' },
    ]);
  });

  it('takes a field without a value as left out, and words in any case of letters', () => {
    const apps = [{ appDirPath: 'a', appProtocol: 'GRPC', logLevel: 'Debug', env: null, appPort: null }];
    expect(parseRunFile({ version: 1, common: null, apps }, 'f', place)).toMatchObject([
      { appProtocol: 'grpc', logLevel: 'debug', env: {} },
    ]);
  });

  it('takes what stands in .dapr of an app before what is common', () => {
    const common = { resourcesPath: 'res', configFilePath: 'c.yaml' };
    const exists = (path: string) => path.startsWith('/src/shop/.dapr/');
    const apps = [{ appDirPath: 'shop' }, { appDirPath: 'shop', appID: 'till', resourcesPath: 'own' }];
    expect(parseRunFile({ version: 1, common, apps }, 'f', { ...place, exists })).toMatchObject([
      { resourcesPaths: ['/src/shop/.dapr/resources'], configFilePath: '/src/shop/.dapr/config.yaml' },
      { resourcesPaths: ['/src/shop/own'], configFilePath: '/src/shop/.dapr/config.yaml' },
    ]);
  });

  it('names the file and every wrong field', () => {
    expect(() => parseRunFile({ version: 2, apps: [{ appDirPath: 'a', appPort: 'x' }] }, 'dapr.yaml', place)).toThrow(
      /dapr\.yaml: version: .*\ndapr\.yaml: apps\.0\.appPort: /,
    );
  });

  it('names a field that there is none of, and takes those that only Dapr uses', () => {
    const read = (own: object) => () => parseRunFile({ version: 1, apps: [{ appDirPath: 'a', ...own }] }, 'f', place);
    expect(read({ appPrt: 1 })).toThrow(/^f: apps\.0: .*appPrt/);
    expect(read({ containerImage: 'i', appLogDestination: 'console', apiListenAddresses: '::1' })).not.toThrow();
  });

  it('refuses two apps of one ID and a dependency that is not there', () => {
    const app = { appDirPath: 'a' };
    expect(() => parseRunFile({ version: 1, apps: [app, app] }, 'f', place)).toThrow('two apps have the ID "a"');
    expect(() => parseRunFile({ version: 1, apps: [{ ...app, dependsOn: ['b'] }] }, 'f', place)).toThrow(
      'dependsOn "b"',
    );
  });
});
