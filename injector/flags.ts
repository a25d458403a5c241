import { controlPlaneFlags } from '#kit/flags/control-plane.ts';
import { boolFlag, portFlag, stringFlag } from '#kit/flags/flag.ts';

/** Flags of the injector, named as Dapr's. */
export const flags = {
  ...controlPlaneFlags,
  port: portFlag('Port of the webhook', 4000),
  'listen-address': stringFlag('Address the webhook listens on; empty is every address'),
  'scheduler-enabled': boolFlag('Tell sidecars where the scheduler is', true),
  kubeconfig: stringFlag('Kubeconfig of the API server; not needed in a pod'),
};

export type Flags = typeof flags;
