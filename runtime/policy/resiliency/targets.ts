import type { PolicyTables, TargetSpec } from './decode.ts';

/** The kinds of component as they stand in the names of default policies. */
export type PolicyComponentKind =
  | 'Binding'
  | 'Configuration'
  | 'Lock'
  | 'Middleware'
  | 'Pubsub'
  | 'Crypto'
  | 'Conversation'
  | 'Secretstore'
  | 'Statestore';

/** The names of the policies of a target, and whether a resource names the target or they are default policies. */
export type TargetPolicies = { spec: TargetSpec; named: boolean };

/** Of calls of an app, by its ID. */
export function appPolicies(tables: PolicyTables, appId: string): TargetPolicies {
  return policies(tables, tables.apps.get(appId), ['App']);
}

/** Of calls of actors, by their type. */
export function actorPolicies(tables: PolicyTables, type: string): TargetPolicies {
  return policies(tables, tables.actors.get(type), ['Actor']);
}

/** Of calls of a component; the most specific of the default policies serves one that no resource names. */
export function componentPolicies(
  tables: PolicyTables,
  name: string,
  kind: PolicyComponentKind,
  direction: 'inbound' | 'outbound',
): TargetPolicies {
  const side = direction === 'inbound' ? 'Inbound' : 'Outbound';
  const levels = [`${kind}Component${side}`, `Component${side}`, 'Component'];
  return policies(tables, tables.components.get(name)?.[direction], levels);
}

function policies(tables: PolicyTables, named: TargetSpec | undefined, levels: readonly string[]): TargetPolicies {
  return { spec: named ?? defaults(tables, levels), named: named !== undefined };
}

/** The default policies of the first level that has one, kind by kind; the bare `Default…Policy` comes last. */
function defaults(tables: PolicyTables, levels: readonly string[]): TargetSpec {
  const pick = (table: ReadonlyMap<string, unknown>, what: string): string | undefined =>
    [...levels, ''].map((level) => `Default${level}${what}Policy`).find((name) => table.has(name));
  return {
    timeout: pick(tables.timeouts, 'Timeout'),
    retry: pick(tables.retries, 'Retry'),
    circuitBreaker: pick(tables.breakers, 'CircuitBreaker'),
  };
}
