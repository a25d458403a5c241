import { controlPlaneFlags } from '#kit/flags/control-plane.ts';
import { boolFlag, durationFlag, intFlag, portFlag, stringFlag } from '#kit/flags/flag.ts';

/** Flags of the operator, named as Dapr's. */
export const flags = {
  ...controlPlaneFlags,
  config: stringFlag("Name of the control plane's Configuration, in the own namespace", 'daprsystem'),
  port: portFlag('Port of the gRPC API for sidecars', 6500),
  'listen-address': stringFlag('Address the gRPC API listens on; empty is every address'),
  'webhook-server-port': portFlag('Port of the conversion webhook', 19443),
  'webhook-server-listen-address': stringFlag('Address the webhook listens on; empty is every address'),
  'trust-anchors-file': stringFlag('File of the trust anchors', '/var/run/secrets/dapr.io/tls/ca.crt'),
  'watch-namespace': stringFlag('Namespace to watch; empty is every namespace'),
  'watch-interval': stringFlag(
    'Pause between searches for pods without their sidecar: 0 for never, once, or 1s and more',
    '0',
  ),
  'max-pod-restarts-per-minute': intFlag('Most pods without their sidecar to restart in a minute; 0 is no limit', 20),
  'watchdog-can-patch-pod-labels': boolFlag('Label pods that have their sidecar, so that they are not searched again'),
  'disable-leader-election': boolFlag('Lead without asking for the Lease'),
  'disable-service-reconciler': boolFlag('Do not make a Service for each Dapr app'),
  'enable-argo-rollout-service-reconciler': boolFlag('Make Services for Argo Rollouts too'),
  'cache-sync-period': durationFlag("Pause between comparisons of what is held with the API server's; 0 is 10m", '0'),
  'release-definitions': boolFlag(
    'Only take our webhook out of the CustomResourceDefinitions and end: before the control plane is removed',
  ),
  kubeconfig: stringFlag('Kubeconfig of the API server; not needed in a pod'),
};

export type Flags = typeof flags;
