import { parseFlags } from '#kit/flags/parse.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { configure } from './config.ts';
import { flags } from './flags.ts';

const required = { NAMESPACE: 'dapr-system', SIDECAR_IMAGE: 'outrigger/daprd:1' };
const read = (env: Record<string, string> = {}, argv: string[] = []) =>
  configure(parseFlags(flags, argv), { ...required, ...env });

describe('configure', () => {
  it('is restricted, decides about native sidecars by the cluster, and knows placement', () => {
    expect(read()).toMatchObject({
      webhook: { host: '', port: 4000 },
      trustDomain: 'cluster.local',
      trustAnchorsFile: '/var/run/dapr.io/tls/ca.crt',
      nativeSidecars: undefined,
      actors: { name: 'placement', service: 'dapr-placement-server:50005' },
      reminders: undefined,
      sidecar: {
        imagePullPolicy: 'Always',
        schedulerEnabled: true,
        security: { runAsNonRoot: true, readOnlyRootFilesystem: true, dropAllCapabilities: true },
      },
    });
  });

  it('takes what the environment says', () => {
    const config = read(
      {
        NATIVE_SIDECAR_ENABLED: 'false',
        ACTORS_ENABLED: 'no',
        REMINDERS_SERVICE_NAME: 'mine',
        REMINDERS_SERVICE_ADDRESS: 'reminders:443',
        ALLOWED_SERVICE_ACCOUNTS: 'a:b, c:d',
        ALLOWED_SERVICE_ACCOUNTS_PREFIX_NAMES: 'e*:f*',
        SIDECAR_RUN_AS_USER: '1000',
        SIDECAR_IMAGE_PULL_POLICY: 'sometimes',
        IGNORE_ENTRYPOINT_TOLERATIONS: '[{"key":"aws"}]',
      },
      ['--port=1', '--scheduler-enabled=false'],
    );
    expect(config).toMatchObject({
      webhook: { port: 1 },
      nativeSidecars: false,
      actors: undefined,
      reminders: { name: 'mine', service: 'reminders:443' },
      serviceAccounts: ['a:b', 'c:d', 'e*:f*'],
      sidecar: {
        imagePullPolicy: 'IfNotPresent',
        schedulerEnabled: false,
        security: { runAsUser: 1000 },
        ignoreEntrypointTolerations: [{ key: 'aws' }],
      },
    });
  });

  it('names every variable that is wrong at once', () => {
    const env = { SIDECAR_RUN_AS_USER: 'me', ACTORS_SERVICE_NAME: 'x', IGNORE_ENTRYPOINT_TOLERATIONS: '{' };
    expect(() => configure(parseFlags(flags, []), env)).toThrow(
      /NAMESPACE is not set[\s\S]*ACTORS_SERVICE_ADDRESS=: must be <service>:<port>[\s\S]*SIDECAR_IMAGE is not set[\s\S]*IGNORE_ENTRYPOINT_TOLERATIONS must be a JSON list[\s\S]*SIDECAR_RUN_AS_USER=me: must be a whole number/,
    );
  });
});
