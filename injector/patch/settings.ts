import type { V1Toleration } from '@kubernetes/client-node';
import type { Component } from '#crds/component.ts';

/** What the injector knows besides the pod. */
export type Settings = {
  /** Namespace the pod is created in. */
  namespace: string;
  image: string;
  imagePullPolicy: 'Always' | 'Never' | 'IfNotPresent';
  /** Image of component containers of our own; without one, Components cannot ask for them. */
  componentImage?: string;
  controlPlane: { namespace: string; trustDomain: string };
  /** DNS domain of the cluster. */
  clusterDomain: string;
  /** PEM of the roots that the sidecar trusts. */
  trustAnchors: string;
  /** Audience of the identity token: sentry's SPIFFE ID. */
  sentryId: string;
  /** Whether the sidecar is given an identity token; not where no tokens are issued. */
  identityToken: boolean;
  mtls: boolean;
  /** Whether the cluster has native sidecars and they are wanted; a pod's annotation wins. */
  nativeSidecars: boolean;
  schedulerEnabled: boolean;
  /** Arguments that name the services of actors and reminders where the pod does not. */
  actors: { placementAddress: string } | { service: string } | undefined;
  remindersService: string | undefined;
  security: {
    runAsNonRoot: boolean;
    runAsUser: number | undefined;
    runAsGroup: number | undefined;
    readOnlyRootFilesystem: boolean;
    dropAllCapabilities: boolean;
  };
  /** Whether the sidecar is told the pod's address as DAPR_HOST_IP. */
  downwardApi: boolean;
  /** A pod with one of these runs the sidecar by `command` rather than by arguments of the image's entrypoint. */
  ignoreEntrypointTolerations: readonly V1Toleration[];
  /** Where component sockets are, unless the pod says otherwise. */
  socketsFolder: string;
  /** The Components of the pod's namespace. */
  components: readonly Component[];
};
