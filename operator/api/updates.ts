import { fault } from '#kit/errors/fault.ts';
import type { Informer } from '#kit/kube/informer.ts';
import type { Change } from '#kit/kube/object-store.ts';
import { ResourceEventType } from '#proto/dapr/proto/operator/v1/operator_pb.js';
import { admits, type DaprResource, differs } from '../resource.ts';

/** What a sidecar is told: the manifest as it is, or as it last was for it. */
export type Update = { type: ResourceEventType; resource: DaprResource };

/**
 * What a change means to one app. An app that falls out of the scopes sees a deletion of the manifest it knew, one that
 * comes into them a creation; what concerns it in neither state, or changed nothing but the status, it is not told.
 */
function updateFor(change: Change<DaprResource>, appId: string): Update | undefined {
  const { type, object } = change;
  const now = admits(object, appId);
  if (type === 'deleted') return now ? { type: ResourceEventType.DELETED, resource: object } : undefined;
  if (type === 'added') return now ? { type: ResourceEventType.CREATED, resource: object } : undefined;
  const before = admits(change.old, appId);
  if (now && !before) return { type: ResourceEventType.CREATED, resource: object };
  if (before && !now) return { type: ResourceEventType.DELETED, resource: change.old };
  if (!now || !differs(change.old, object)) return undefined;
  return { type: ResourceEventType.UPDATED, resource: object };
}

export type UpdatesOptions = {
  informer: Pick<Informer<DaprResource>, 'subscribe'>;
  namespace: string;
  appId: string;
  /** Further demand on what the app is told of. */
  concerns?: (resource: DaprResource) => boolean;
  /** Ends quietly: the caller went away. */
  signal: AbortSignal;
  /** Ends with `unavailable`: we go away. */
  stopping: AbortSignal;
};

/**
 * Changes of one kind for one app from now on; what was before is not replayed. A slow reader costs no more than a few
 * updates an object: an update not yet read gives way to the next of the same object.
 */
export async function* updates(options: UpdatesOptions): AsyncGenerator<Update, void, void> {
  const { informer, namespace, appId, concerns = () => true, signal, stopping } = options;
  const queue: Update[] = [];
  let wake = Promise.withResolvers<void>();
  const end = AbortSignal.any([signal, stopping]);
  const onEnd = () => wake.resolve();
  const unsubscribe = informer.subscribe((change) => {
    if (change.object.metadata.namespace !== namespace) return;
    const update = updateFor(change, appId);
    if (!update || !concerns(update.resource)) return;
    enqueue(queue, update);
    wake.resolve();
  });
  end.addEventListener('abort', onEnd, { once: true });
  try {
    while (!end.aborted) {
      const next = queue.shift();
      if (next) yield next;
      else {
        await wake.promise;
        wake = Promise.withResolvers<void>();
      }
    }
  } finally {
    unsubscribe();
    end.removeEventListener('abort', onEnd);
  }
  if (stopping.aborted && !signal.aborted) throw fault('unavailable', 'the operator is stopping');
}

function enqueue(queue: Update[], update: Update): void {
  const name = update.resource.metadata.name;
  const last = queue.findLast((waiting) => waiting.resource.metadata.name === name);
  const replaces = update.type === ResourceEventType.UPDATED && last && last.type !== ResourceEventType.DELETED;
  if (replaces) last.resource = update.resource;
  else queue.push(update);
}
