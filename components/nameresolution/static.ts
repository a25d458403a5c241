import { z } from 'zod';
import { defineComponent } from '#contracts/component.ts';
import type { NameQuery, NameResolver } from '#contracts/names.ts';
import { list, text } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';

export const component = defineComponent({
  type: 'nameresolution.static',
  versions: ['v1'],
  title: 'Static addresses',
  description:
    'Finds apps in a list that the Configuration holds, or by a pattern. For tests and places without a directory.',
  settings: z.object({
    apps: list('Where apps are: `shop=10.0.0.1:50002,shop=10.0.0.2:50002,cart=host:50002`').default([]),
    format: text('Address of an app that is not in the list: `{appid}.internal:50002`').optional(),
  }),
  open: async (settings) => createStaticNames(settings),
});

/** Throws `invalid-config` where an entry is not `app=host:port`. */
export function createStaticNames(settings: { apps: readonly string[]; format?: string | undefined }): NameResolver {
  const known = new Map<string, string[]>();
  for (const entry of settings.apps) {
    const match = /^([^=]+)=(.+:\d+)$/.exec(entry);
    if (!match) throw fault('invalid-config', `nameresolution.static: apps: "${entry}" is not app=host:port`);
    known.set(match[1]!, [...(known.get(match[1]!) ?? []), match[2]!]);
  }
  return {
    resolve: async (query: NameQuery) => {
      const found =
        known.get(query.appId) ??
        (settings.format === undefined ? [] : [settings.format.replaceAll('{appid}', query.appId)]);
      if (found.length === 0)
        throw fault(
          'app-not-found',
          `couldn't find service: ${query.appId} (nameresolution.static lists ${[...known.keys()].join(', ') || 'no apps'})`,
        );
      return found;
    },
    async [Symbol.asyncDispose]() {},
  };
}
