import type { Settings } from '../settings.ts';

/** Settings of an injector in a cluster with native sidecars, with what a test changes. */
export const testSettings = (changes: Partial<Settings> = {}): Settings => ({
  namespace: 'shop',
  image: 'outrigger/daprd:1',
  imagePullPolicy: 'IfNotPresent',
  componentImage: 'outrigger/components:1',
  controlPlane: { namespace: 'dapr-system', trustDomain: 'cluster.local' },
  clusterDomain: 'cluster.local',
  trustAnchors: 'PEM',
  sentryId: 'spiffe://cluster.local/ns/dapr-system/dapr-sentry',
  identityToken: true,
  mtls: true,
  nativeSidecars: true,
  schedulerEnabled: false,
  actors: undefined,
  remindersService: undefined,
  security: {
    runAsNonRoot: true,
    runAsUser: undefined,
    runAsGroup: undefined,
    readOnlyRootFilesystem: true,
    dropAllCapabilities: true,
  },
  downwardApi: false,
  ignoreEntrypointTolerations: [],
  socketsFolder: '/tmp/dapr-components-sockets',
  components: [],
  ...changes,
});
