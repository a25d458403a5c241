import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An app that subscribes to one topic of `pubsub`. */
export type Subscriber = AsyncDisposable & { port: number };

const subscriptions = (topic: string): string => JSON.stringify([{ pubsubname: 'pubsub', topic, route: '/take' }]);

/** Starts it; `take` gets the body of each delivery. */
export async function startSubscriber(topic: string, take: (body: Buffer) => void): Promise<Subscriber> {
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url } = request;
      if (url === '/take') take(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
      const body = url === '/dapr/subscribe' ? subscriptions(topic) : '';
      response.writeHead(url === '/take' || body !== '' ? 200 : 404, { 'content-length': Buffer.byteLength(body) });
      response.end(body);
    });
  });
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
