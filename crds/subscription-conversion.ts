type Fields = Record<string, unknown>;

export type SubscriptionVersion = 'v1alpha1' | 'v2alpha1';

/**
 * A raw Subscription in another version: v1's `route` is v2's `routes.default`; the rules of `routes` are lost on the
 * way down. Metadata and every other field stay as they are, as the API server demands of a conversion.
 */
export function convertSubscription(manifest: Fields, to: SubscriptionVersion): Fields {
  if (manifest['apiVersion'] === `dapr.io/${to}`) return manifest;
  const spec = (manifest['spec'] ?? {}) as Fields;
  const { route, routes, ...rest } = spec;
  const moved = to === 'v2alpha1' ? { routes: { default: route ?? '' } } : { route: defaultRoute(routes) };
  return { ...manifest, apiVersion: `dapr.io/${to}`, spec: { ...rest, ...moved } };
}

function defaultRoute(routes: unknown): unknown {
  return typeof routes === 'object' && routes !== null ? ((routes as Fields)['default'] ?? '') : '';
}
