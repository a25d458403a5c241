import { type Subscription as Manifest, subscription as manifestKind } from '#crds/subscription.ts';
import { toFault } from '#kit/errors/fault.ts';
import type { Logger } from '#kit/log/logger.ts';
import { inScope, type ResourceSource } from '../resources/source.ts';
import { compileRules } from './route.ts';
import { bulkOf, type Subscription } from './subscription.ts';

/** The Subscription resources meant for the app. One that makes no sense is logged and left out. */
export async function declaredSubscriptions(
  source: ResourceSource,
  appId: string,
  log: Logger,
): Promise<Subscription[]> {
  return readSubscriptions(await source.list(manifestKind), appId, log);
}

/** Those of a list that are meant for the app. One that makes no sense is logged and left out. */
export async function readSubscriptions(
  resources: readonly Manifest[],
  appId: string,
  log: Logger,
): Promise<Subscription[]> {
  const manifests = resources.filter((one) => inScope(one, appId));
  const read = await Promise.all(manifests.map((manifest) => tolerantly(manifest, log)));
  return read.filter((one) => one !== undefined);
}

async function tolerantly(manifest: Manifest, log: Logger): Promise<Subscription | undefined> {
  try {
    return await fromManifest(manifest);
  } catch (thrown) {
    log.error(`Subscription ${manifest.metadata.name} is left out: ${toFault(thrown).message}`);
    return undefined;
  }
}

/** One resource as a subscription. Throws `invalid-config` for a rule that does not parse. */
export async function fromManifest({ spec }: Manifest): Promise<Subscription> {
  const { pubsubname, topic, metadata = {}, deadLetterTopic = '', routes, bulkSubscribe } = spec;
  return {
    pubsubName: pubsubname,
    topic,
    metadata,
    deadLetterTopic,
    rules: await compileRules(routes.rules ?? [], routes.default ?? ''),
    bulk: bulkOf(bulkSubscribe),
    origin: 'DECLARATIVE',
  };
}
