/** A kind of object as the API server serves it. */
export type Resource = {
  /** Empty for the core group. */
  group: string;
  version: string;
  plural: string;
  kind: string;
  namespaced: boolean;
};

const resource = (groupVersion: string, plural: string, kind: string, namespaced = true): Resource => {
  const slash = groupVersion.indexOf('/');
  const group = slash < 0 ? '' : groupVersion.slice(0, slash);
  return { group, version: groupVersion.slice(slash + 1), plural, kind, namespaced };
};

/** The kinds of Kubernetes that our binaries touch. */
export const resources = {
  pods: resource('v1', 'pods', 'Pod'),
  services: resource('v1', 'services', 'Service'),
  secrets: resource('v1', 'secrets', 'Secret'),
  configMaps: resource('v1', 'configmaps', 'ConfigMap'),
  events: resource('v1', 'events', 'Event'),
  serviceAccounts: resource('v1', 'serviceaccounts', 'ServiceAccount'),
  namespaces: resource('v1', 'namespaces', 'Namespace', false),
  nodes: resource('v1', 'nodes', 'Node', false),
  deployments: resource('apps/v1', 'deployments', 'Deployment'),
  statefulSets: resource('apps/v1', 'statefulsets', 'StatefulSet'),
  rollouts: resource('argoproj.io/v1alpha1', 'rollouts', 'Rollout'),
  jobs: resource('batch/v1', 'jobs', 'Job'),
  leases: resource('coordination.k8s.io/v1', 'leases', 'Lease'),
  customResourceDefinitions: resource(
    'apiextensions.k8s.io/v1',
    'customresourcedefinitions',
    'CustomResourceDefinition',
    false,
  ),
  mutatingWebhookConfigurations: resource(
    'admissionregistration.k8s.io/v1',
    'mutatingwebhookconfigurations',
    'MutatingWebhookConfiguration',
    false,
  ),
  tokenReviews: resource('authentication.k8s.io/v1', 'tokenreviews', 'TokenReview', false),
} as const satisfies Record<string, Resource>;

/** The kinds of Dapr, all namespaced. */
export const daprResources = {
  components: resource('dapr.io/v1alpha1', 'components', 'Component'),
  configurations: resource('dapr.io/v1alpha1', 'configurations', 'Configuration'),
  subscriptions: resource('dapr.io/v2alpha1', 'subscriptions', 'Subscription'),
  resiliencies: resource('dapr.io/v1alpha1', 'resiliencies', 'Resiliency'),
  httpEndpoints: resource('dapr.io/v1alpha1', 'httpendpoints', 'HTTPEndpoint'),
  mcpServers: resource('dapr.io/v1alpha1', 'mcpservers', 'MCPServer'),
  workflowAccessPolicies: resource('dapr.io/v1alpha1', 'workflowaccesspolicies', 'WorkflowAccessPolicy'),
} as const satisfies Record<string, Resource>;

/** `v1`, `apps/v1`: what an object of the kind carries as apiVersion. */
export function apiVersion(of: Resource): string {
  return of.group === '' ? of.version : `${of.group}/${of.version}`;
}

/** Path of one object, or of the whole collection when no name is given; of every namespace when none is given. */
export function resourcePath(
  of: Resource,
  at: { namespace?: string; name?: string; subresource?: string } = {},
): string {
  const root = of.group === '' ? `/api/${of.version}` : `/apis/${of.group}/${of.version}`;
  const namespace = of.namespaced && at.namespace ? `/namespaces/${encodeURIComponent(at.namespace)}` : '';
  const name = at.name === undefined ? '' : `/${encodeURIComponent(at.name)}`;
  return `${root}${namespace}/${of.plural}${name}${at.subresource ? `/${at.subresource}` : ''}`;
}
