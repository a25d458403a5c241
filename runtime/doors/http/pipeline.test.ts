import type { Middleware } from '#contracts/middleware.ts';
import { readBody } from '#contracts/middleware.ts';
import { fault } from '#kit/errors/fault.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { createPipeline } from '../../middleware/pipeline.ts';
import type { Loaded } from '../../registry.ts';
import type { IncomingCall } from './call.ts';
import type { HttpDoor } from './door.ts';
import { withPipeline } from './pipeline.ts';

type Handle = Middleware['handle'];
const dispose = { async [Symbol.asyncDispose]() {} };

/** A door that echoes what reaches it, behind a pipeline of these steps. */
function door(steps: Record<string, Handle>, token?: (given: string | undefined) => boolean) {
  const loaded = new Map(
    Object.entries(steps).map(([name, handle]) => [
      name,
      {
        name,
        type: 'middleware.http.test',
        version: 'v1',
        component: { handle, ...dispose },
      } as unknown as Loaded<Middleware>,
    ]),
  );
  const named = [...Object.keys(steps), 'missing'].map((name) => ({ name, type: 'middleware.http.test' }));
  const seen: string[] = [];
  const echo: HttpDoor = async (incoming) => {
    const body = (await incoming.read()).toString();
    seen.push(`${incoming.method} ${incoming.url} ${body} ${incoming.headers['content-length'] ?? '-'}`);
    return { status: 201, body: `echo ${body}` };
  };
  const serve = withPipeline(echo, createPipeline(named, loaded, silentLogger), token);
  const call = (text: string, headers: Record<string, string> = {}) => {
    const bytes = Buffer.from(text);
    const incoming = {
      method: 'POST',
      url: '/a',
      headers: { 'content-length': String(bytes.length), ...headers },
      hasBody: bytes.length > 0,
      read: async () => bytes,
      stream: (async function* () {})(),
      signal: new AbortController().signal,
    };
    return serve(incoming as IncomingCall);
  };
  return { call, seen };
}

describe('a pipeline before the HTTP door', () => {
  it('passes a request through its steps in order, and the answer back', async () => {
    const { call, seen } = door({
      first: async (request, next) => {
        const answer = await next({ ...request, url: `${request.url}/1` });
        return { ...answer, headers: { ...answer.headers, 'x-first': 'yes' } };
      },
      second: async (request, next) => {
        const body = Buffer.from((await readBody(request.body)).toString().repeat(2));
        return next({ ...request, url: `${request.url}/2`, body });
      },
    });
    const reply = await call('hey');
    expect(seen).toEqual(['POST /a/1/2 heyhey 6']);
    expect(reply).toMatchObject({ status: 201, headers: { 'x-first': 'yes' }, body: 'echo heyhey' });
  });

  it('leaves a body that no step touches as it came', async () => {
    const { call, seen } = door({ only: (request, next) => next(request) });
    await call('abc');
    expect(seen).toEqual(['POST /a abc 3']);
  });

  it('lets a step answer by itself, and turns its failure into the usual error', async () => {
    const { call, seen } = door({ stop: async () => ({ status: 429, headers: {}, body: 'slow down' }) });
    expect(await call('')).toMatchObject({ status: 429, body: 'slow down' });
    const broken = door({ fail: () => Promise.reject(fault('unavailable', 'no keys')) });
    expect((await broken.call('')).status).toBe(503);
    expect(seen).toEqual([]);
  });

  it('is not reached without the API token', async () => {
    const { call } = door({ stop: async () => ({ status: 429, headers: {}, body: '' }) }, (given) => given === 'right');
    expect((await call('')).status).toBe(201);
    expect((await call('', { 'dapr-api-token': 'right' })).status).toBe(429);
  });

  it('is none without steps', () => {
    expect(createPipeline([], new Map(), silentLogger)).toBeUndefined();
  });
});
