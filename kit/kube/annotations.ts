/** On a Component: where it runs; `container` asks for a container in each pod whose app may use it. */
export const hostAnnotation = 'outrigger.dev/host';

/** On a pod, by the injector: names of the Components for which it has such a container, commas between. */
export const hostedComponents = 'outrigger.dev/component-containers';

/** On a pod, by the injector: what of its annotations cannot be meant as it is written, a line each. */
export const injectionWarnings = 'outrigger.dev/injection-warnings';
