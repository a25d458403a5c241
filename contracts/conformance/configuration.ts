import { eventually } from '#kit/testing/eventually.ts';
import { afterEach, beforeEach, describe, expect, it } from '#kit/testing/test.ts';
import type { ConfigurationItem, ConfigurationItems, ConfigurationStore } from '../configuration.ts';
import type { Open } from './ways.ts';

/** How the test changes what the store reads, past the store. */
export type ConfigurationWriter = {
  write(key: string, item: Pick<ConfigurationItem, 'value' | 'version'>): Promise<unknown>;
  remove(key: string): Promise<unknown>;
};

/** What every configuration store must do; run it from the component's test. `open` makes a store over what is written. */
export function configurationConformance(
  name: string,
  open: Open<ConfigurationStore>,
  writer: () => ConfigurationWriter,
): void {
  describe(`${name} as a configuration store`, () => {
    let store: ConfigurationStore;
    let stop: AbortController;
    let key: string;
    let count = 0;
    beforeEach(async () => {
      store = await open();
      stop = new AbortController();
      key = `conformance-${Date.now()}-${count++}`;
    });
    afterEach(async () => {
      stop.abort();
      await store[Symbol.asyncDispose]();
    });
    const watch = async (keys: readonly string[], heard: ConfigurationItems[]) =>
      store.subscribe({ keys }, async (items) => void heard.push(items), stop.signal);
    const valuesOf = (heard: readonly ConfigurationItems[]) =>
      heard.map((items) => Object.fromEntries(Object.entries(items).map(([one, { value }]) => [one, value])));

    it('reads items with their versions, and leaves out keys that do not exist', async () => {
      await writer().write(key, { value: 'a|b', version: '7' });
      const items = await store.get({ keys: [key, `${key}-missing`] });
      expect(items).toMatchObject({ [key]: { value: 'a|b', version: '7' } });
      expect(Object.keys(items)).toEqual([key]);
    });

    it('reads all items when no key is named', async () => {
      await writer().write(key, { value: 'x', version: '1' });
      expect(Object.keys(await store.get({ keys: [] }))).toContain(key);
    });

    it('tells of changes and deletions of watched keys only', async () => {
      const heard: ConfigurationItems[] = [];
      await writer().write(key, { value: 'old', version: '1' });
      await watch([key], heard);
      await writer().write(`${key}-other`, { value: 'x', version: '1' });
      await writer().write(key, { value: 'new', version: '2' });
      await eventually(() => expect(valuesOf(heard)).toEqual([{ [key]: 'new' }]));
      await writer().remove(key);
      await eventually(() => expect(valuesOf(heard)).toEqual([{ [key]: 'new' }, { [key]: '' }]));
    });

    it('tells every watcher, of all keys when none is named', async () => {
      const [one, all]: [ConfigurationItems[], ConfigurationItems[]] = [[], []];
      await watch([key], one);
      await watch([], all);
      await writer().write(key, { value: 'x', version: '1' });
      await eventually(() => expect([one.length, valuesOf(all)]).toEqual([1, [{ [key]: 'x' }]]));
    });

    it('tells nothing any more when it is stopped', async () => {
      const [stopped, going]: [ConfigurationItems[], ConfigurationItems[]] = [[], []];
      await watch([key], stopped);
      stop.abort();
      stop = new AbortController();
      await watch([key], going);
      await writer().write(key, { value: 'x', version: '1' });
      await eventually(() => expect(going).toHaveLength(1));
      expect(stopped).toEqual([]);
    });
  });
}
