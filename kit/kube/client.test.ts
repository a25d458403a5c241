import { createServer, type RequestListener } from 'node:http';
import { listen } from '#kit/http/listen.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { type KubeClient, kubeClient } from './client.ts';
import { resources } from './resource.ts';

async function against(answer: RequestListener, test: (client: KubeClient) => Promise<void>): Promise<void> {
  const server = createServer(answer);
  const port = await listen(server, 'tests', '127.0.0.1', 0);
  using client = kubeClient({
    server: new URL(`http://127.0.0.1:${port}/prefix/`),
    namespace: '',
    tls: {},
    authorization: async () => 'Bearer t',
  });
  try {
    await test(client);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const status = (code: number, reason: string, message: string) =>
  JSON.stringify({ kind: 'Status', code, reason, message });
const never = new AbortController().signal;

describe('kubeClient', () => {
  it('asks by path, with its token, for the form it wants', async () => {
    const asked: (string | undefined)[] = [];
    await against(
      (request, response) => {
        asked.push(request.method, request.url, request.headers.authorization, request.headers.accept);
        response.end('{"items":null}');
      },
      async (client) => {
        const options = { namespace: 'shop', labelSelector: 'a=b', metadataOnly: true, limit: 5 };
        expect(await client.list(resources.deployments, options)).toEqual({ items: [] });
      },
    );
    expect(asked).toEqual([
      'GET',
      '/prefix/apis/apps/v1/namespaces/shop/deployments?labelSelector=a%3Db&limit=5',
      'Bearer t',
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
    ]);
  });

  it.each([
    [404, 'NotFound', 'not-found'],
    [409, 'Conflict', 'conflict'],
    [409, 'AlreadyExists', 'already-exists'],
    [403, 'Forbidden', 'permission-denied'],
    [410, 'Expired', 'gone'],
    [422, 'Invalid', 'bad-request'],
    [503, 'ServiceUnavailable', 'unavailable'],
  ])('makes of status %d %s a fault that names verb, path and status', async (code, reason, key) => {
    await against(
      (_, response) => response.writeHead(code).end(status(code, reason, 'because')),
      async (client) => {
        await expect(client.get(resources.pods, { namespace: 'shop', name: 'cart' })).rejects.toMatchObject({
          key,
          message: `GET /api/v1/namespaces/shop/pods/cart: ${code} ${reason}: because`,
        });
      },
    );
  });

  it('sends patches with their own content type', async () => {
    const types: (string | undefined)[] = [];
    await against(
      (request, response) => {
        types.push(request.headers['content-type'], request.url?.split('?')[1]);
        request.resume().on('end', () => response.end('{}'));
      },
      async (client) => {
        const at = { name: 'x' };
        await client.patch(resources.namespaces, at, { type: 'merge', body: {} });
        await client.patch(resources.namespaces, at, { type: 'json', body: [] });
        await client.patch(resources.namespaces, at, { type: 'apply', body: {}, fieldManager: 'us', force: true });
      },
    );
    expect(types).toEqual([
      'application/merge-patch+json',
      undefined,
      'application/json-patch+json',
      undefined,
      'application/apply-patch+yaml',
      'fieldManager=us&force=true',
    ]);
  });

  it('reads watch events that come without newlines and ends with the server', async () => {
    const event = (name: string) => JSON.stringify({ type: 'ADDED', object: { metadata: { name } } });
    await against(
      (_, response) => response.end(`${event('a')}${event('b')}{"type":"ADDED","object":null}`),
      async (client) => {
        const names: unknown[] = [];
        for await (const { object } of client.watch(resources.pods, {}, never)) names.push(object.metadata.name);
        expect(names).toEqual(['a', 'b']);
      },
    );
  });

  it('fails a watch with the fault of its error event', async () => {
    await against(
      (_, response) => response.end(`{"type":"ERROR","object":${status(410, 'Expired', 'too old')}}`),
      async (client) => {
        const reading = Array.fromAsync(client.watch(resources.pods, {}, never));
        await expect(reading).rejects.toMatchObject({
          key: 'gone',
          message: 'WATCH /api/v1/pods?watch=true&allowWatchBookmarks=true: 410 Expired: too old',
        });
      },
    );
  });

  it('names the server it cannot reach', async () => {
    using client = kubeClient({
      server: new URL('http://127.0.0.1:1'),
      namespace: '',
      tls: {},
      authorization: async () => undefined,
    });
    await expect(client.get(resources.pods, { name: 'x' })).rejects.toThrow(
      'GET /api/v1/pods/x: cannot reach the API server at 127.0.0.1:1: ECONNREFUSED',
    );
  });
});
