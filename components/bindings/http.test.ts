import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openComponent } from '#contracts/component.ts';
import { bindingConformance } from '#contracts/conformance/binding.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { component } from './http.ts';

type Seen = Pick<IncomingMessage, 'method' | 'url' | 'headers'> & { body: string };
const seen: Seen[] = [];
const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => {
    seen.push({ method: request.method, url: request.url, headers: request.headers, body });
    response.writeHead(Number(request.headers['x-status'] ?? 200), { 'x-answer': 'yes' }).end(`echo ${body}`);
  });
});
beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const open = (metadata: Record<string, string> = {}) => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`;
  const context = { name: 'http', log: silentLogger, signal: new AbortController().signal, env: {} };
  return openComponent(component, { url, ...metadata }, context);
};
const bytes = (text: string) => new TextEncoder().encode(text);

bindingConformance('bindings.http', () => open(), { invoke: { operation: 'create', data: bytes('x') } });

describe('bindings.http', () => {
  it('sends body, path, headers and trace, and answers status and headers', async () => {
    await using binding = await open({ securityToken: 't', securityTokenHeader: 'X-Token' });
    const metadata = { path: '/sub', 'X-Own': 'mine', lower: 'not sent', traceparent: 'tp' };
    const answer = await binding.invoke!({ operation: 'put', data: bytes('{"a":1}'), metadata });
    const last = seen.at(-1)!;
    expect(last).toMatchObject({ method: 'PUT', url: '/base/sub', body: '{"a":1}' });
    expect(last.headers).toMatchObject({
      'x-own': 'mine',
      'x-token': 't',
      traceparent: 'tp',
      'content-type': 'application/json; charset=utf-8',
    });
    expect(last.headers).not.toHaveProperty('lower');
    expect(Buffer.from(answer.data!).toString()).toBe('echo {"a":1}');
    expect(answer.metadata).toMatchObject({ statusCode: '200', status: '200 OK', 'X-Answer': 'yes' });
  });

  it('takes other answers than 2xx for errors, unless told otherwise', async () => {
    await using binding = await open();
    const metadata = { 'X-Status': '503' };
    const call = (more: object) =>
      binding.invoke!({ operation: 'get', data: bytes(''), metadata: { ...metadata, ...more } });
    await expect(call({})).rejects.toThrow('received status code 503');
    expect((await call({ errorIfNot2XX: 'false' })).metadata).toMatchObject({ statusCode: '503' });
  });

  it('cuts an answer off at its limit', async () => {
    await using binding = await open({ maxResponseBodySize: '4' });
    expect(Buffer.from((await binding.invoke!({ operation: 'post', data: bytes('x') })).data!).toString()).toBe('echo');
  });
});
