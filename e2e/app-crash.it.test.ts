import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { brokers } from '#bench/pubsub/brokers.ts';
import { startSidecar } from '#bench/sidecar/subject.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { checkout } from './checkout.ts';
import { freePorts } from './ports.ts';

const subject = { name: 'outrigger', command: join(checkout, 'bin/daprd'), args: [] };
const topic = 'crashes';
const subscriptions = JSON.stringify([{ pubsubname: 'pubsub', topic, route: '/take' }]);

/** An app that takes what `take` says; for the rest its connection breaks off, as when it crashes at work. */
async function startApp(port: number, take: (id: number) => boolean): Promise<AsyncDisposable> {
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    if (request.url !== '/take') response.end(request.url === '/dapr/subscribe' ? subscriptions : '');
    else if (take((JSON.parse(body) as { data: number }).data)) response.end();
    else request.socket.destroy();
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe.each(['redis', 'rabbitmq', 'kafka'] as const)(
  'an app that crashes while it takes messages from %s',
  (name) => {
    it('gets those that it had not taken, and those of meanwhile, when it is back', async () => {
      await using broker = await brokers[name]();
      const [port = 0] = await freePorts(1);
      const taken = new Set<number>();
      await using first = await startApp(port, (id) => taken.size < 20 && taken.add(id).size > 0);
      await using sidecar = await startSidecar(subject, {
        ...{ appId: `crash-${name}`, appPort: port, stores: 0, manifests: [broker.component], pinned: false },
      });
      const publish = async (id: number) => {
        const url = `http://${sidecar.http}/v1.0/publish/pubsub/${topic}`;
        const headers = { 'content-type': 'application/json' };
        expect((await fetch(url, { method: 'POST', body: String(id), headers })).status).toBe(204);
      };
      for (let id = 0; id < 40; id++) await publish(id);
      await eventually(() => expect(taken.size).toBe(20));
      await first[Symbol.asyncDispose]();
      for (let id = 40; id < 60; id++) await publish(id);
      await using _ = await startApp(port, (id) => taken.add(id).size > 0);
      await eventually(() => expect(taken.size).toBe(60));
    });
  },
);
