import { Fault } from '#kit/errors/fault.ts';
import type { SecretReader } from '../api/secrets.ts';
import type { DaprResource, Pair } from '../resource.ts';
import { type Finding, findingsOf } from './condition.ts';

/** Whether every Secret that a Component refers to is there, with the key. Reads them one by one. */
export async function secretsResolved(resource: DaprResource, read: SecretReader): Promise<Finding> {
  const pairs = ((resource.spec?.['metadata'] as Pair[] | null | undefined) ?? []).filter(
    (pair) => pair?.secretKeyRef?.name,
  );
  if (pairs.length === 0) return resolved('True', 'NoReferences', 'no setting is held by a secret');
  const store = resource.auth?.secretStore;
  if (store && store !== 'kubernetes')
    return resolved('Unknown', 'OtherStore', `the sidecar reads its secrets from ${store}`);
  const namespace = resource.metadata.namespace ?? '';
  const problems = (await Promise.all(pairs.map((pair) => problemOf(pair, namespace, read)))).filter(Boolean);
  if (problems.length > 0) return resolved('False', 'NotFound', problems.join('; '));
  return resolved('True', 'Resolved', 'every secret it refers to is there');
}

const resolved = findingsOf('SecretsResolved');

async function problemOf(pair: Pair, namespace: string, read: SecretReader): Promise<string> {
  const { name = '', key } = pair.secretKeyRef!;
  try {
    const data = await read(namespace, name);
    return (key || name) in data ? '' : `${pair.name}: Secret ${name} has no key ${key || name}`;
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.key === 'not-found') return `${pair.name}: there is no Secret ${name}`;
    if (thrown instanceof Fault && thrown.key === 'permission-denied')
      return `${pair.name}: the operator may not read Secret ${name}`;
    throw thrown;
  }
}
