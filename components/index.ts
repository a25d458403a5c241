// Written by components/generate.ts: run `npm run gen:components`.
import type { Component } from '#contracts/component.ts';

/** Every component by `type/version`, both in lower case. A component is loaded when it is first asked for. */
export const components: Readonly<Record<string, () => Promise<Component>>> = {
  'bindings.cron/v1': async () => (await import('./bindings/cron.ts')).component,
  'bindings.http/v1': async () => (await import('./bindings/http.ts')).component,
  'bindings.localstorage/v1': async () => (await import('./bindings/localstorage.ts')).component,
  'bindings.rabbitmq/v1': async () => (await import('./bindings/rabbitmq.ts')).component,
  'configuration.redis/v1': async () => (await import('./configuration/redis.ts')).component,
  'conversation.echo/v1': async () => (await import('./conversation/echo.ts')).component,
  'lock.redis/v1': async () => (await import('./lock/redis.ts')).component,
  'middleware.http.bearer/v1': async () => (await import('./middleware/http/bearer.ts')).component,
  'middleware.http.oauth2/v1': async () => (await import('./middleware/http/oauth2.ts')).component,
  'middleware.http.oauth2clientcredentials/v1': async () =>
    (await import('./middleware/http/oauth2clientcredentials.ts')).component,
  'middleware.http.ratelimit/v1': async () => (await import('./middleware/http/ratelimit.ts')).component,
  'middleware.http.routeralias/v1': async () => (await import('./middleware/http/routeralias.ts')).component,
  'middleware.http.routerchecker/v1': async () => (await import('./middleware/http/routerchecker.ts')).component,
  'middleware.http.uppercase/v1': async () => (await import('./middleware/http/uppercase.ts')).component,
  'nameresolution.kubernetes/v1': async () => (await import('./nameresolution/kubernetes.ts')).component,
  'nameresolution.mdns/v1': async () => (await import('./nameresolution/mdns.ts')).component,
  'nameresolution.sqlite/v1': async () => (await import('./nameresolution/sqlite.ts')).component,
  'nameresolution.static/v1': async () => (await import('./nameresolution/static.ts')).component,
  'pubsub.in-memory/v1': async () => (await import('./pubsub/in-memory.ts')).component,
  'pubsub.jetstream/v1': async () => (await import('./pubsub/jetstream.ts')).component,
  'pubsub.rabbitmq/v1': async () => (await import('./pubsub/rabbitmq.ts')).component,
  'pubsub.redis/v1': async () => (await import('./pubsub/redis.ts')).component,
  'secretstores.kubernetes/v1': async () => (await import('./secretstores/kubernetes.ts')).component,
  'secretstores.local.env/v1': async () => (await import('./secretstores/env.ts')).component,
  'secretstores.local.file/v1': async () => (await import('./secretstores/file.ts')).component,
  'state.etcd/v2': async () => (await import('./state/etcd.ts')).component,
  'state.etcd/v1': async () => (await import('./state/etcd-v1.ts')).component,
  'state.in-memory/v1': async () => (await import('./state/in-memory.ts')).component,
  'state.postgresql/v2': async () => (await import('./state/postgresql.ts')).component,
  'state.postgres/v2': async () => (await import('./state/postgresql.ts')).component,
  'state.redis/v1': async () => (await import('./state/redis.ts')).component,
  'state.sqlite/v1': async () => (await import('./state/sqlite.ts')).component,
};
