import { z } from 'zod';
import { defineComponent } from '#contracts/component.ts';
import { type Middleware, readBody } from '#contracts/middleware.ts';

export const component = defineComponent({
  type: 'middleware.http.uppercase',
  versions: ['v1'],
  title: 'Uppercase',
  description: 'Turns the text of every request body into capitals. For trying out pipelines.',
  settings: z.object({}),
  open: async (): Promise<Middleware> => ({
    async handle(request, next) {
      const text = (await readBody(request.body)).toString();
      return next({ ...request, body: Buffer.from(text.toUpperCase()) });
    },
    async [Symbol.asyncDispose]() {},
  }),
});
