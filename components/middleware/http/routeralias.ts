import { parse } from 'yaml';
import { z } from 'zod';
import { defineComponent } from '#contracts/component.ts';
import { type Middleware, pathOf } from '#contracts/middleware.ts';
import { text } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';

export const component = defineComponent({
  type: 'middleware.http.routeralias',
  versions: ['v1'],
  title: 'Route alias',
  description:
    'Serves paths by other paths. `{name}` in an alias stands for one segment, `{name:pattern}` for what the pattern matches; both become query parameters.',
  settings: z
    .object({
      routes: text('Object of alias → path, as JSON or YAML. Older manifests have a metadata item for each alias.', {
        example: '{"/mall/{id}": "/v1.0/invoke/mall/method/info"}',
      }).default(''),
    })
    .catchall(z.string()),
  open: async ({ routes, ...pairs }): Promise<Middleware> => {
    const listed = Object.entries(pairs).filter(([alias]) => alias.startsWith('/'));
    const aliases = [...readRoutes(routes), ...listed].map(([alias, path]) => ({ matches: aliasPattern(alias), path }));
    return {
      async handle(request, next) {
        const from = pathOf(request);
        for (const { matches, path } of aliases) {
          const match = matches.exec(from);
          if (match)
            return next({ ...request, url: path + queryWith(request.url.slice(from.length + 1), match.groups) });
        }
        return next(request);
      },
      async [Symbol.asyncDispose]() {},
    };
  },
});

function readRoutes(text: string): [string, string][] {
  try {
    return Object.entries(z.record(z.string(), z.string()).parse(parse(text) ?? {}));
  } catch (cause) {
    throw fault('invalid-metadata', 'routes: must be an object of alias → path, as JSON or YAML', { cause });
  }
}

function aliasPattern(alias: string): RegExp {
  const pattern = alias
    .split(/(\{[^{}]+\})/)
    .map((part) => {
      const [, name, own = '[^/]+'] = /^\{(\w+)(?::(.+))?\}$/.exec(part) ?? [];
      return name === undefined ? RegExp.escape(part) : `(?<${name}>${own})`;
    })
    .join('');
  try {
    return new RegExp(`^${pattern}$`);
  } catch (cause) {
    throw fault('invalid-metadata', `routes: "${alias}": ${(cause as Error).message}`, { cause });
  }
}

function queryWith(query: string, params: Readonly<Record<string, string>> = {}): string {
  const all = new URLSearchParams(query);
  const names = Object.keys(params);
  for (const name of names) all.append(name, decoded(params[name]!));
  if (names.length > 0) all.sort();
  const text = names.length > 0 ? all.toString() : query;
  return text === '' ? '' : `?${text}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
