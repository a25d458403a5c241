import type { SecretReader } from '../api/secrets.ts';
import type { DaprResource } from '../resource.ts';
import type { SecretReferences } from '../status/secret-references.ts';
import { secretsResolved, secretWaitMs } from '../status/secrets-resolved.ts';
import type { Look } from './conditions.ts';

/** What there is to say of an object, and whether the secrets that it refers to are there. */
export async function withSecrets(
  { findings, againAfterMs }: Look,
  references: SecretReferences,
  { metadata }: DaprResource,
  secrets: SecretReader,
): Promise<Look> {
  const resolved = await secretsResolved(references, metadata.namespace ?? '', secrets);
  const again = againAfterMs ?? (resolved.status === 'False' ? secretWaitMs : undefined);
  return { findings: [...findings, resolved], ...(again !== undefined && { againAfterMs: again }) };
}
