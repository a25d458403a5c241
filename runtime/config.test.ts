import { parseFlags } from '#kit/flags/parse.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { configure } from './config.ts';
import { flags } from './flags.ts';

const configured = (argv: string[], env: Record<string, string> = {}) =>
  configure(parseFlags(flags, ['--app-id=shop', ...argv]), env);

describe('the configuration of a sidecar', () => {
  it('has defaults for all but the app ID', () => {
    expect(configured([])).toMatchObject({
      mode: 'standalone',
      appId: 'shop',
      namespace: 'default',
      namespaceGiven: false,
      app: { port: undefined, protocol: 'http', channelAddress: '127.0.0.1', maxConcurrency: 0, health: undefined },
      api: { httpPort: 3500, grpcPort: 50_001, addresses: [''], publicPort: undefined, maxBodyBytes: 4_194_304 },
      controlPlane: { trustDomain: 'localhost', namespace: 'default', mtls: false },
      graceMs: 5_000,
      blockShutdownMs: undefined,
      placementAddresses: [],
      task: 'run',
    });
  });

  it('lists every flag that makes no sense', () => {
    expect(() =>
      configure(parseFlags(flags, ['--app-id=a.b', '--app-port=3500', '--disable-init-endpoints=config,all']), {}),
    ).toThrow(
      [
        '--app-id=a.b: must not contain a dot',
        '--app-port=3500: is also --dapr-http-port',
        '--disable-init-endpoints=all: must be one of config, subscribe',
      ].join('\n'),
    );
  });

  it('needs an app ID, except to wait or to print', () => {
    expect(() => configure(parseFlags(flags, []), {})).toThrow('--app-id: must be given');
    expect(configure(parseFlags(flags, ['--wait']), {}).task).toBe('wait');
  });

  it('falls back to the environment for the control plane, and to older flags for sizes', () => {
    const config = configured(['--dapr-http-max-request-size=8'], {
      DAPR_CONTROLPLANE_TRUST_DOMAIN: 'cluster.local',
      NAMESPACE: 'prod',
    });
    expect(config.controlPlane.trustDomain).toBe('cluster.local');
    expect(config).toMatchObject({ namespace: 'prod', namespaceGiven: true });
    expect(config.api.maxBodyBytes).toBe(8 * 2 ** 20);
  });

  it('accepts probe settings of zero while the health check is off', () => {
    expect(configured(['--enable-app-health-check=false', '--app-health-probe-interval=0']).app.health).toBeUndefined();
    expect(configured(['--enable-app-health-check', '--app-health-threshold=0']).app.health).toEqual({
      path: '/healthz',
      intervalMs: 5_000,
      timeoutMs: 500,
      threshold: 3,
    });
  });

  it('takes empty and quoted addresses for none', () => {
    for (const text of ['', ' ', "''", '""', '"   "']) {
      expect(configured([`--placement-host-address=${text}`]).placementAddresses).toEqual([]);
    }
    expect(configured(['--placement-host-address=a:1,b:2']).placementAddresses).toEqual(['a:1', 'b:2']);
  });

  it('takes brackets off listen addresses', () => {
    expect(configured(['--dapr-listen-addresses=[::1],127.0.0.1']).api.addresses).toEqual(['::1', '127.0.0.1']);
  });
});
