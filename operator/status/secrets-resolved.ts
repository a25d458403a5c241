import { Fault } from '#kit/errors/fault.ts';
import type { SecretReader } from '../api/secrets.ts';
import { type Finding, findingsOf } from './condition.ts';
import type { SecretReferences } from './secret-references.ts';

/** Secrets are not watched: a missing one is looked for again after so long, in milliseconds. */
export const secretWaitMs = 60_000;

/** Whether every Secret that a resource of a namespace refers to is there, with the key. Reads them one by one. */
export async function secretsResolved(
  { store, references }: SecretReferences,
  namespace: string,
  read: SecretReader,
): Promise<Finding> {
  if (references.length === 0) return resolved('True', 'NoReferences', 'no setting is held by a secret');
  if (store && store !== 'kubernetes')
    return resolved('Unknown', 'OtherStore', `the sidecar reads its secrets from ${store}`);
  const problems = (await Promise.all(references.map((reference) => problemOf(reference, namespace, read)))).filter(
    Boolean,
  );
  if (problems.length > 0) return resolved('False', 'NotFound', problems.join('; '));
  return resolved('True', 'Resolved', 'every secret it refers to is there');
}

const resolved = findingsOf('SecretsResolved');

type Reference = SecretReferences['references'][number];

async function problemOf({ field, name, key }: Reference, namespace: string, read: SecretReader): Promise<string> {
  try {
    return Object.hasOwn(await read(namespace, name), key) ? '' : `${field}: Secret ${name} has no key ${key}`;
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.key === 'not-found') return `${field}: there is no Secret ${name}`;
    if (thrown instanceof Fault && thrown.key === 'permission-denied')
      return `${field}: the operator may not read Secret ${name}`;
    throw thrown;
  }
}
