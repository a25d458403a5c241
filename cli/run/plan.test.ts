import { describe, expect, it } from '#kit/testing/test.ts';
import { planApp, startOrder } from './plan.ts';
import type { RunApp } from './template.ts';

const ports = { http: 3500, grpc: 50_001, internal: 50_002, metrics: 9_090, profile: 7_777 };
const settings = { daprd: '/opt/bin/daprd', cwd: '/src', defaults: { resources: '/data/resources' } };
const app = (own: Partial<RunApp> = {}): RunApp => ({
  appID: 'shop',
  directory: '.',
  command: [],
  dependsOn: [],
  ...own,
});

describe('planApp', () => {
  it('uses the default components only when none are named', () => {
    expect(planApp(app(), ports, settings).sidecar.args).toContain('--resources-path=/data/resources');
    const named = planApp(app({ resourcesPath: './res', resourcesPaths: ['/etc/res'] }), ports, settings).sidecar.args;
    expect(named.filter((arg) => arg.startsWith('--resources-path'))).toEqual([
      '--resources-path=/etc/res',
      '--resources-path=/src/res',
    ]);
  });

  it('uses the default Configuration unless another is named', () => {
    const given = { ...settings, defaults: { ...settings.defaults, config: '/home/.dapr/config.yaml' } };
    expect(planApp(app(), ports, given).sidecar.args).toContain('--config=/home/.dapr/config.yaml');
    const { args } = planApp(app({ configFilePath: 'own.yaml' }), ports, given).sidecar;
    expect(args.filter((arg) => arg.startsWith('--config'))).toEqual(['--config=/src/own.yaml']);
  });

  it('tells the app its ports and lets its own environment win', () => {
    const plan = planApp(app({ command: ['node', 'app.js'], appPort: 3000, env: { APP_ID: 'mine' } }), ports, settings);
    expect(plan.app).toMatchObject({
      command: 'node',
      args: ['app.js'],
      env: { APP_ID: 'mine', APP_PORT: '3000', DAPR_HTTP_PORT: '3500', DAPR_GRPC_PORT: '50001' },
    });
  });

  it('takes the old ways to name a folder and to ask for TLS', () => {
    const { args } = planApp(app({ componentsPath: 'old', appSSL: true }), ports, settings).sidecar;
    expect(args).toEqual(expect.arrayContaining(['--app-protocol=https', '--resources-path=/src/old']));
  });

  it('gives profiles a port where they are wanted', () => {
    expect(planApp(app({ enableProfiling: true }), ports, settings).sidecar.args).toContain('--profile-port=7777');
    expect(planApp(app(), ports, settings).sidecar.args.join()).not.toContain('profile');
  });

  it('runs the sidecar alone without a command', () => {
    expect(planApp(app(), ports, settings).app).toBeUndefined();
  });

  it('refuses an app ID with a dot', () => {
    expect(() => planApp(app({ appID: 'a.b' }), ports, settings)).toThrow('an app ID has no dots');
  });
});

describe('startOrder', () => {
  const plan = (appID: string, dependsOn: string[]) => planApp(app({ appID, dependsOn }), ports, settings);

  it('puts an app behind those it depends on', () => {
    const order = startOrder([plan('a', ['c']), plan('b', []), plan('c', ['b'])]);
    expect(order.map((one) => one.id)).toEqual(['b', 'c', 'a']);
  });

  it('names a circle', () => {
    expect(() => startOrder([plan('a', ['b']), plan('b', ['a'])])).toThrow('a → b → a');
  });
});
