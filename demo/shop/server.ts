/**
 * The sample shop: an ordinary Node application on Dapr's official SDK. It knows no database, only that orders are
 * kept under the name `orders`; which store that is, the Component manifest says.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import process from 'node:process';
import { DaprClient } from '@dapr/dapr';

const store = 'orders';
const dapr = new DaprClient();

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString());
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}

async function placeOrder(request: IncomingMessage, response: ServerResponse, id: string): Promise<void> {
  const order = { id, ...((await readJson(request)) as object) };
  const failure = await dapr.state.save(store, [{ key: id, value: order }]);
  if (failure.error) throw failure.error;
  answer(response, 201, order);
}

async function showOrder(response: ServerResponse, id: string): Promise<void> {
  const order = await dapr.state.get(store, id);
  if (order) answer(response, 200, order);
  else answer(response, 404, { error: `there is no order ${id}` });
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const id = /^\/orders\/([\w-]+)$/.exec(request.url ?? '')?.[1];
  if (id && request.method === 'PUT') await placeOrder(request, response, id);
  else if (id && request.method === 'GET') await showOrder(response, id);
  else answer(response, 404, { error: 'PUT or GET /orders/<id>' });
}

const server = createServer((request, response) => {
  serve(request, response).catch((error: unknown) => {
    answer(response, 502, { error: error instanceof Error ? error.message : String(error) });
  });
});
server.listen(Number(process.env['PORT'] ?? 8080));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
