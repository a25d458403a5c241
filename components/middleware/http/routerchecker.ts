import { z } from 'zod';
import { defineComponent } from '#contracts/component.ts';
import { type Middleware, plainAnswer } from '#contracts/middleware.ts';
import { text } from '#contracts/settings.ts';
import { goRegExp } from './go-regexp.ts';

export const component = defineComponent({
  type: 'middleware.http.routerchecker',
  versions: ['v1'],
  title: 'Route check',
  description: 'Refuses requests whose path and query do not match a pattern, with status 400.',
  settings: z.object({
    rule: text('Regular expression that path and query must match.', { example: '^[A-Za-z0-9/._-]+$' }),
  }),
  open: async ({ rule }): Promise<Middleware> => {
    const pattern = goRegExp('rule', rule);
    return {
      handle: async (request, next) => (pattern.test(request.url) ? next(request) : plainAnswer(400, 'invalid router')),
      async [Symbol.asyncDispose]() {},
    };
  },
});
