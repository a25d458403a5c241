import type { z } from 'zod';
import type { accessControl } from '#crds/configuration/security.ts';
import { fault } from '#kit/errors/fault.ts';
import type { SpiffeId } from '#kit/pki/spiffe.ts';
import { type OperationTree, operationTree } from './operation-tree.ts';

/** `spec.accessControl` of a Configuration. */
export type AccessControl = z.output<typeof accessControl>;

export type Decision = {
  allowed: boolean;
  /** Whose rule it was: the caller's own policy, or the default of all. */
  by: 'app' | 'global';
  /** The operation of the caller's policy that covers the call; undefined where none does. */
  rule?: string | undefined;
};

/** Who may call the app. */
export type AccessList = {
  /** Trust domain of the app itself. */
  trustDomain: string;
  /**
   * Decides on a call. The caller is undefined where it proved no identity; the operation is the path in the very form
   * that is forwarded; the verb is empty where there is none.
   */
  decide(caller: SpiffeId | undefined, operation: string, verb: string): Decision;
};

type Policy = NonNullable<AccessControl['policies']>[number];
type Rule = { name: string; byVerb: ReadonlyMap<string, boolean>; always: boolean };
type CallerPolicy = { trustDomain: string; defaultAction: boolean | undefined; operations: OperationTree<Rule> };

const isAllow = (action: string) => action.toLowerCase() === 'allow';

/**
 * Reads the policies; undefined where there are none, which allows all. `http` is whether the app speaks HTTP: then
 * names ignore case and verbs count. Throws `invalid-config` naming every policy without app ID, trust domain or
 * namespace: a list that cannot be read in full must not be used in part.
 */
export function readAccessList(spec: AccessControl | undefined, { http }: { http: boolean }): AccessList | undefined {
  if (!spec) return undefined;
  const policies = spec.policies ?? [];
  checkPolicies(policies);
  const fallback = spec.defaultAction === undefined || isAllow(spec.defaultAction);
  const callers = new Map<string, CallerPolicy>();
  for (const policy of policies) callers.set(keyOf(policy.namespace!, policy.appId), callerPolicy(policy, http));
  return {
    trustDomain: spec.trustDomain || 'public',
    decide(caller, operation, verb) {
      const policy = caller && callers.get(keyOf(caller.namespace, caller.appId));
      if (!policy || policy.trustDomain !== caller.trustDomain) return { allowed: fallback, by: 'global' };
      const rule = policy.operations.find(normalized(operation, http));
      const own = policy.defaultAction;
      return {
        allowed: rule === undefined ? (own ?? fallback) : ruled(rule, verb, http, own, fallback),
        by: own === undefined ? 'global' : 'app',
        rule: rule?.name,
      };
    },
  };
}

const keyOf = (namespace: string, appId: string) => `${namespace}/${appId}`;

const normalized = (operation: string, http: boolean) => (http ? operation.toLowerCase() : operation);

function ruled(rule: Rule, verb: string, http: boolean, own: boolean | undefined, fallback: boolean): boolean {
  if (!http) return rule.always;
  if (verb === '') return own ?? false;
  return rule.byVerb.get(verb) ?? rule.byVerb.get('*') ?? own ?? fallback;
}

function callerPolicy(policy: Policy, http: boolean): CallerPolicy {
  const operations = operationTree<Rule>();
  for (const { name, httpVerb, action } of policy.operations ?? []) {
    const always = isAllow(action);
    operations.add(normalized(name, http), {
      name,
      always,
      byVerb: new Map((httpVerb ?? []).map((verb) => [verb, always])),
    });
  }
  const { defaultAction } = policy;
  return {
    trustDomain: policy.trustDomain!,
    defaultAction: defaultAction ? isAllow(defaultAction) : undefined,
    operations,
  };
}

function checkPolicies(policies: readonly Policy[]): void {
  const problems = policies.flatMap(({ appId, trustDomain, namespace }, i) => {
    const at = `spec.accessControl.policies[${i}]`;
    return [
      appId ? '' : `${at}.appId: is missing`,
      trustDomain ? '' : `${at}.trustDomain: is missing`,
      namespace ? '' : `${at}.namespace: is missing`,
    ].filter(Boolean);
  });
  if (problems.length > 0) throw fault('invalid-config', `invalid access control spec. ${problems.join('; ')}`);
}
