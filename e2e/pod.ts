export interface ContainerStatus {
  name: string;
  ready: boolean;
  restartCount: number;
  containerID?: string;
  state?: { running?: object; terminated?: { exitCode: number }; waiting?: { reason: string } };
}

export interface Container {
  name: string;
  image: string;
  restartPolicy?: string;
}

/** The parts of a pod that the demo and the end-to-end tests look at. */
export interface Pod {
  metadata: {
    name: string;
    namespace: string;
    uid: string;
    deletionTimestamp?: string;
    labels?: Record<string, string>;
  };
  spec: { containers: Container[]; initContainers?: Container[] };
  status: {
    phase: string;
    conditions?: { type: string; status: string }[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
  };
}

export interface PodList {
  items: Pod[];
}

export const isReadyPod = (pod: Pod): boolean =>
  !pod.metadata.deletionTimestamp &&
  (pod.status.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');

/** Names of the containers that stay: native sidecars, then the ordinary ones. */
export const containerNames = ({ spec }: Pod): string[] =>
  [...(spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'), ...spec.containers].map(
    ({ name }) => name,
  );

/** How each container does, init containers first. */
export const containerStatuses = ({ status }: Pod): ContainerStatus[] => [
  ...(status.initContainerStatuses ?? []),
  ...(status.containerStatuses ?? []),
];

export const containerStatus = (pod: Pod, name: string): ContainerStatus | undefined =>
  containerStatuses(pod).find((status) => status.name === name);
