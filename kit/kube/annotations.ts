/** On a Component: where it runs; `container` asks for a container in each pod whose app may use it. */
export const hostAnnotation = 'outrigger.dev/host';

/** On a pod, by the injector: names of the Components for which it has such a container, commas between. */
export const hostedComponents = 'outrigger.dev/component-containers';
