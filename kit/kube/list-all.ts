import type { KubeClient, ListOptions } from './client.ts';
import type { KubeObject } from './object.ts';
import { withoutManagedFields } from './object-store.ts';
import type { Resource } from './resource.ts';

const pageSize = 500;

/**
 * Every object of a selection, page by page, and the version the list stands for (`''` where the server tells none).
 * managedFields go as soon as a page is read, so that a large list never holds them all. `onPage` is called for each.
 */
export async function listAll(
  client: Pick<KubeClient, 'list'>,
  resource: Resource,
  selection: ListOptions,
  signal: AbortSignal,
  onPage: () => void = () => {},
): Promise<{ items: KubeObject[]; version: string }> {
  const items: KubeObject[] = [];
  for (let next = ''; ; ) {
    const page = await client.list(
      resource,
      { ...selection, limit: pageSize, ...(next && { continue: next }) },
      signal,
    );
    onPage();
    for (const item of page.items) if (item?.metadata) items.push(withoutManagedFields(item));
    next = page.metadata?.continue ?? '';
    if (next === '') return { items, version: page.metadata?.resourceVersion ?? '' };
  }
}
