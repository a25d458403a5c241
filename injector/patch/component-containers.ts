import type { V1Container } from '@kubernetes/client-node';
import { z } from 'zod';
import type { Component } from '#crds/component.ts';
import { fault, toFault } from '#kit/errors/fault.ts';
import { hostAnnotation } from '#kit/kube/annotations.ts';
import { componentStartupProbe, foreignStartupProbe } from './probes.ts';
import { securityContext } from './security-context.ts';
import type { Settings } from './settings.ts';

/** On a Component: a pluggable component's container, as JSON. */
const containerAnnotation = 'dapr.io/component-container';

/** First port on which component containers of our own tell their health; each in a pod has its own. */
const firstHealthPort = 3510;

/** The fields that we touch; the API server checks the rest. */
const containerShape = z.looseObject({
  name: z.string().optional(),
  image: z.string().min(1),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  env: z.array(z.looseObject({ name: z.string() })).optional(),
  ports: z.array(z.looseObject({ containerPort: z.int() })).optional(),
  volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })).optional(),
  securityContext: z.looseObject({}).optional(),
});

/** Whether a Component with these annotations may bring a container. */
export const asksForContainer = (annotations: Readonly<Record<string, string>>): boolean =>
  annotations[hostAnnotation] === 'container' || Boolean(annotations[containerAnnotation]);

export type ComponentContainersInput = {
  appId: string;
  /** Whether the pod asked for the containers that Components carry in JSON. */
  injectPluggable: boolean;
  socketsFolder: string;
  native: boolean;
  settings: Settings;
};

/**
 * The containers that the namespace's Components ask for in a pod of this app: their own JSON, once for each image,
 * and our component image for those hosted in a container. Throws `invalid-resource` naming the Component.
 */
export function componentContainers(input: ComponentContainersInput): V1Container[] {
  const { components } = input.settings;
  const carried = input.injectPluggable ? carriedContainers(inScope(components, input.appId), input) : [];
  const hosted = hostedIn(components, input.appId);
  return [...carried, ...hosted.map((component, index) => hostedContainer(component, firstHealthPort + index, input))];
}

/** The Components which an app may use and which ask for one of our containers beside it. */
export const hostedIn = (components: readonly Component[], appId: string): Component[] =>
  inScope(components, appId).filter(({ metadata }) => metadata.annotations?.[hostAnnotation] === 'container');

const inScope = (components: readonly Component[], appId: string): Component[] =>
  components.filter(({ scopes }) => scopes.length === 0 || scopes.includes(appId));

function carriedContainers(components: readonly Component[], input: ComponentContainersInput): V1Container[] {
  const byImage = new Map<string, V1Container>();
  for (const component of components) {
    const json = component.metadata.annotations?.[containerAnnotation];
    if (json === undefined || json === '') continue;
    const container = parseContainer(component, json);
    if (!byImage.has(container.image!)) byImage.set(container.image!, completed(container, component, input));
  }
  return [...byImage.values()];
}

function parseContainer(component: Component, json: string): V1Container {
  const where = `Component "${component.metadata.namespace ?? ''}/${component.metadata.name}": annotation ${containerAnnotation}`;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (thrown) {
    throw fault('invalid-resource', `${where} is not JSON: ${toFault(thrown).message}`, { cause: thrown });
  }
  const parsed = containerShape.safeParse(value);
  if (parsed.success) return parsed.data as unknown as V1Container;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'it'}: ${issue.message}`);
  throw fault('invalid-resource', `${where} is no container: ${problems.join('; ')}`);
}

/** What its author left open: a name, how we see that it runs, and what the restricted Pod Security Standard demands. */
function completed(container: V1Container, component: Component, input: ComponentContainersInput): V1Container {
  return {
    ...container,
    name: container.name || containerName(component.metadata.name),
    env: [...(container.env ?? []), { name: 'DAPR_COMPONENT_SOCKETS_FOLDER', value: input.socketsFolder }],
    securityContext: { ...securityContext(input.settings.security, 'RuntimeDefault'), ...container.securityContext },
    ...(input.native ? { restartPolicy: 'Always', ...foreignStartupProbe(container) } : {}),
  };
}

function hostedContainer(component: Component, port: number, input: ComponentContainersInput): V1Container {
  const { settings, socketsFolder, native } = input;
  const { name } = component.metadata;
  if (settings.componentImage === undefined) {
    throw fault(
      'invalid-config',
      `Component "${name}" asks for a container (${hostAnnotation}), but the injector has no COMPONENT_IMAGE`,
    );
  }
  return {
    name: containerName(`component-${name}`),
    image: settings.componentImage,
    imagePullPolicy: settings.imagePullPolicy,
    args: [
      `--type=${component.spec.type}`,
      ...(component.spec.version === '' ? [] : [`--version-of-type=${component.spec.version}`]),
      `--socket=${socketsFolder}/${name}.sock`,
      `--health-port=${port}`,
    ],
    env: [{ name: 'DAPR_COMPONENT_SOCKETS_FOLDER', value: socketsFolder }],
    securityContext: securityContext(settings.security, 'RuntimeDefault'),
    ...(native ? { restartPolicy: 'Always', startupProbe: componentStartupProbe(port) } : {}),
  };
}

/** A Component's name may have dots and be longer than a container's. */
const containerName = (name: string): string => name.replaceAll('.', '-').slice(0, 63).replace(/-+$/, '');
