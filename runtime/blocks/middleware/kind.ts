import type { Middleware } from '#contracts/middleware.ts';
import { fault } from '#kit/errors/fault.ts';
import { defineKind } from '../kind.ts';

/** HTTP middleware, which pipelines of the Configuration name. */
export const middlewareKind = defineKind<Middleware, Middleware>({
  category: 'middleware',
  metric: 'middleware',
  policy: 'Middleware',
  bind: (middleware) => middleware,
  capabilities: () => [],
  absent: (name) => fault('not-found', `there is no HTTP middleware ${name}`),
});
