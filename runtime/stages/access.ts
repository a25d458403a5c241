import type { Door } from '../chain.ts';

/** A rule of `spec.api.allowed` or `spec.api.denied`. */
export type AccessRule = { name: string; version: string; protocol?: string | undefined };

export type AccessRules = { allowed: readonly AccessRule[]; denied: readonly AccessRule[] };

/** What an operation offers to a rule: its group (`state.v1`) and, at the HTTP door, its path. */
export type Accessed = { api: string; path?: string };

/**
 * Whether the app may use an API; asked once at start, so that what is denied is not served at all. A rule names a
 * group with its version (`state`, `v1`) or, for HTTP, the start of a path (`state`, `v1.0`). Denial wins; an empty
 * list of allowed APIs allows all. Source: Dapr `pkg/api/http/endpoints`, `pkg/api/grpc/endpoints.go`.
 */
export function isAllowed({ allowed, denied }: AccessRules, door: Door, accessed: Accessed): boolean {
  const ofDoor = (rules: readonly AccessRule[]) => rules.filter((rule) => rule.protocol?.toLowerCase() === door);
  if (ofDoor(denied).some((rule) => matches(rule, accessed))) return false;
  const allow = ofDoor(allowed);
  return allow.length === 0 || allow.some((rule) => matches(rule, accessed));
}

function matches({ name, version }: AccessRule, { api, path }: Accessed): boolean {
  return `${name}.${version}` === api || path?.startsWith(`/${version}/${name}`) === true;
}
