/** How request paths become the label `path`. */
export type PathSettings = {
  /** Paths without a template are kept, their last parts cut; else they become empty. */
  increasedCardinality: boolean;
  /** Templates such as `/orders/{id}`. */
  pathMatching: readonly string[];
};

/**
 * Makes the function from a path to its label, empty for new ones once there are 2,000. A template stands for the paths
 * it matches, also behind `/v1.0/invoke/{app_id}/method`; of several, the one with more fixed segments. Source: Dapr
 * `pkg/diagnostics`.
 */
export function metricPath({ increasedCardinality, pathMatching }: PathSettings): (path: string) => string {
  const templates = pathMatching
    .map(normalized)
    .flatMap((path) => (path.startsWith('/v1.0/invoke/') ? [path] : [path, `/v1.0/invoke/{app_id}/method${path}`]))
    .map((path) => ({ path, segments: path.split('/').slice(1) }))
    .sort((a, b) => fixedParts(b.segments) - fixedParts(a.segments));
  const matched = (path: string): string | undefined => {
    if (templates.length === 0) return undefined;
    const segments = path.split('/').slice(1);
    return templates.find((template) => fits(template.segments, segments))?.path;
  };
  return limited((raw) => {
    const path = normalized(raw);
    if (fixedPaths.has(path)) return path;
    return matched(path) ?? (increasedCardinality ? (templates.length > 0 ? path : shortened(path)) : '');
  });
}

/** Paths of the app and of health that are shown at any cardinality. */
const fixedPaths = new Set(['/dapr/config', '/dapr/metrics', '/dapr/subscribe', '/healthz']);

/** Paths that get a label of their own: a caller who makes up paths must not make up memory. */
const mostLabels = 2_000;

function limited(label: (path: string) => string): (path: string) => string {
  const known = new Set<string>();
  return (path) => {
    const found = label(path);
    if (known.has(found)) return found;
    if (known.size >= mostLabels) return '';
    known.add(found);
    return found;
  };
}

const normalized = (path: string) =>
  path.startsWith('/') && !path.includes('//') ? path : `/${path}`.replace(/\/{2,}/g, '/');

const isParam = (segment: string) => segment.startsWith('{') && segment.endsWith('}');
const fixedParts = (segments: readonly string[]) => segments.filter((segment) => !isParam(segment)).length;

function fits(template: readonly string[], segments: readonly string[]): boolean {
  const open = template.at(-1) === '';
  if (open ? segments.length < template.length : segments.length !== template.length) return false;
  const fixed = open ? template.slice(0, -1) : template;
  return fixed.every((part, i) => (isParam(part) ? segments[i] !== '' : part === segments[i]));
}

/** What stands before the key in a path of the state or secrets API. */
const beforeKey = /^\/(?!actors\/)[^/]*\/(?:state|secrets)\/[^/]*/;

/** A path of the API without what differs from call to call: keys, IDs of actors and workflows, names of events. */
function shortened(path: string): string {
  const keyless = beforeKey.exec(path);
  if (keyless !== null) return keyless[0];
  const parts = path.slice(1).split('/');
  if (parts.length < 3) return path;
  if (parts[0] === 'actors') return ['actors', parts[1], '{id}', ...parts.slice(3)].join('/');
  if (parts[1] === 'actors' && parts.length >= 5) {
    return `/${[...parts.slice(0, 3), '{id}', parts[4]].join('/')}`;
  }
  return parts[1] === 'workflows' && parts.length >= 4 ? workflowPath(parts) : path;
}

function workflowPath(parts: readonly string[]): string {
  const [version, api, component, id, verb, event] = parts;
  if (verb?.startsWith('start')) return `/${[version, api, component, id, 'start'].join('/')}`;
  const rest = verb === 'raiseEvent' && event ? [verb, '{eventName}'] : verb === undefined ? [] : [verb];
  return `/${[version, api, component, '{instanceId}', ...rest].join('/')}`;
}
