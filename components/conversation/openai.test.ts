import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openComponent } from '#contracts/component.ts';
import type { ConverseRequest } from '#contracts/conversation.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '#kit/testing/test.ts';
import { component } from './openai.ts';

type Asked = { url: string | undefined; headers: IncomingMessage['headers']; body: Record<string, unknown> };

/** A service that checks what it is asked as the real one does, and answers in its form. */
let server: Server;
let endpoint: string;
let asked: Asked[];
let reply: { status: number; body: unknown };
const completion = (message: object, finish = 'stop') => ({
  ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1_700_000_000, model: 'gpt-5-nano-2025-08-07' },
  choices: [{ index: 0, message: { role: 'assistant', refusal: null, ...message }, finish_reason: finish }],
  usage: { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 },
});

function problem({ url, headers, body }: Asked): { status: number; body: unknown } | undefined {
  const fails = (status: number, message: string) => ({
    status,
    body: { error: { message, type: 'invalid_request_error', param: null, code: null } },
  });
  if (!/\/chat\/completions(\?|$)/.test(url ?? '')) return fails(404, `Invalid URL (POST ${url})`);
  if (headers.authorization !== 'Bearer sesame' && headers['api-key'] !== 'sesame')
    return fails(401, 'Incorrect API key provided.');
  if (!Array.isArray(body['messages']) || body['messages'].length === 0)
    return fails(400, "Invalid 'messages': empty array.");
  if (body['tool_choice'] !== undefined && body['tools'] === undefined)
    return fails(400, "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.");
  return undefined;
}

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks = await Array.fromAsync(request as AsyncIterable<Buffer>);
    const { url, headers } = request;
    const one = { url, headers, body: JSON.parse(Buffer.concat(chunks).toString()) };
    asked.push(one);
    const { status, body } = problem(one) ?? reply;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = [];
  reply = { status: 200, body: completion({ content: 'Hello!' }) };
});

const open = (metadata: Record<string, string> = {}, env: Record<string, string> = {}) =>
  openComponent(
    component,
    { key: 'sesame', endpoint, ...metadata },
    { name: 'llm', log: silentLogger, signal: new AbortController().signal, env },
  );
const hello: ConverseRequest = { messages: [{ role: 'user', content: ['Hi'] }] };

describe('conversation.openai', () => {
  it('asks the model and answers what it says, with its tokens', async () => {
    await using model = await open();
    expect(await model.converse({ ...hello, temperature: 0.5, contextId: 'c' })).toEqual({
      contextId: 'c',
      model: 'gpt-5-nano-2025-08-07',
      choices: [{ finishReason: 'stop', content: 'Hello!', toolCalls: undefined }],
      usage: { prompt: 9, completion: 12, total: 21 },
    });
    expect(asked[0]).toMatchObject({ url: '/v1/chat/completions', headers: { authorization: 'Bearer sesame' } });
    expect(asked[0]!.body).toEqual({
      model: 'gpt-5-nano',
      messages: [{ role: 'user', content: 'Hi' }],
      temperature: 0.5,
    });
  });

  it('tells which tokens came from a cache, and what thinking took', async () => {
    await using model = await open();
    const parts = {
      prompt_tokens_details: { cached_tokens: 8, audio_tokens: null },
      completion_tokens_details: { reasoning_tokens: 7, accepted_prediction_tokens: 1 },
    };
    const usage = { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21, ...parts };
    reply.body = { ...completion({ content: 'Hello!' }), usage };
    expect((await model.converse(hello)).usage).toEqual({
      ...{ prompt: 9, completion: 12, total: 21 },
      ofPrompt: { audio: 0, cached: 8 },
      ofCompletion: { audio: 0, reasoning: 7, acceptedPrediction: 1, rejectedPrediction: 0 },
    });
  });

  it('sends every kind of message in its own form', async () => {
    await using model = await open();
    const toolCalls = [{ id: 'call_1', name: 'weather', arguments: '{"city":"Oslo"}' }];
    await model.converse({
      messages: [
        { role: 'developer', content: ['be brief'] },
        { role: 'system', name: 'ops', content: ['a', 'b'] },
        { role: 'assistant', content: [], toolCalls },
        { role: 'tool', toolId: 'call_1', name: 'weather', content: ['rain'] },
        { role: 'assistant', content: ['It rains.'] },
      ],
    });
    expect(asked[0]!.body['messages']).toEqual([
      { role: 'developer', content: 'be brief' },
      {
        ...{ role: 'system', name: 'ops' },
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
      {
        ...{ role: 'assistant', content: null },
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } }],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'rain' },
      { role: 'assistant', content: 'It rains.' },
    ]);
  });

  it('offers tools, and hands on the calls of the model', async () => {
    await using model = await open();
    const called = { id: 'call_9', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } };
    reply.body = completion({ content: null, tool_calls: [called] }, 'tool_calls');
    const parameters = { type: 'object', properties: { city: { type: 'string' } } };
    const tools = [{ name: 'weather', description: 'of a city', parameters }];
    const { choices } = await model.converse({ ...hello, tools, toolChoice: 'weather' });
    expect(choices).toEqual([
      {
        ...{ finishReason: 'tool_calls', content: '' },
        toolCalls: [{ id: 'call_9', name: 'weather', arguments: '{"city":"Rome"}' }],
      },
    ]);
    expect(asked[0]!.body).toMatchObject({
      tools: [{ type: 'function', function: { name: 'weather', description: 'of a city', parameters } }],
      tool_choice: { type: 'function', function: { name: 'weather' } },
    });
    await model.converse({ ...hello, tools, toolChoice: 'required' });
    expect(asked[1]!.body['tool_choice']).toBe('required');
    reply.body = completion({ content: '' });
    const nothing = model.converse({ ...hello, tools, toolChoice: 'required' });
    await expect(nothing).rejects.toThrow('must call one of its tools');
  });

  it('asks for an answer of a form, and for a prompt to be kept', async () => {
    await using model = await open();
    const schema = { type: 'object', properties: { n: { type: 'number' } } };
    const responseFormat = { name: 'count', strict: true, ...schema };
    await model.converse({ ...hello, responseFormat, promptCacheRetentionMs: 86_400_000, metadata: { team: 'a' } });
    expect(asked[0]!.body).toMatchObject({
      response_format: { type: 'json_schema', json_schema: { name: 'count', strict: true, schema } },
      prompt_cache_retention: '24h',
      metadata: { team: 'a' },
    });
  });

  it('takes the model of the environment over that of the metadata', async () => {
    await using model = await open({ model: 'mine' }, { OPENAI_MODEL: 'theirs' });
    await model.converse(hello);
    expect(asked[0]!.body['model']).toBe('theirs');
  });

  it('speaks the form of Azure', async () => {
    const base = endpoint.replace('/v1', '');
    await using model = await open({ endpoint: base, apiType: 'Azure', apiVersion: '2025-01-01', model: 'own' });
    await model.converse(hello);
    expect(asked[0]!.url).toBe('/openai/deployments/own/chat/completions?api-version=2025-01-01');
    expect(asked[0]!.headers).toMatchObject({ 'api-key': 'sesame' });
    await expect(open({ apiType: 'azure' })).rejects.toThrow("when apiType is set to 'azure'");
  });

  it.each([
    ['a wrong key', { key: 'wrong-secret' }, {}, 'status 401: Incorrect API key provided.'],
    ['a wrong address', { endpoint: 'http://127.0.0.1:9' }, {}, '127.0.0.1:9 did not answer'],
    ['no messages', {}, { messages: [] }, "status 400: Invalid 'messages'"],
  ])('says what is wrong with %s, and keeps the key to itself', async (_, metadata, request, why) => {
    await using model = await open(metadata as Record<string, string>);
    const thrown = await model.converse({ ...hello, ...request }).catch((error: Error) => error);
    expect(thrown).toMatchObject({ key: 'unavailable', message: expect.stringContaining(why) });
    expect(String(thrown)).not.toMatch(/wrong-secret|sesame/);
  });

  it.each([
    ['a page of another server', 200, '<html>', 'no chat completion'],
    ['nonsense', 200, { choices: 'many' }, 'no chat completion'],
    ['a busy one', 429, { error: { message: 'Rate limit reached' } }, 'status 429: Rate limit reached'],
    ['a broken one', 502, 'bad gateway', 'status 502: bad gateway'],
  ])('survives %s', async (_, status, body, why) => {
    await using model = await open();
    reply = { status, body };
    await expect(model.converse(hello)).rejects.toThrow(why);
  });

  it('stops asking when its caller leaves', async () => {
    await using model = await open();
    const leaving = new AbortController();
    leaving.abort();
    await expect(model.converse(hello, leaving.signal)).rejects.toMatchObject({ key: 'cancelled' });
  });

  it('needs a key, and an endpoint that is a URL', async () => {
    await expect(open({ key: '' })).rejects.toThrow('key is missing');
    await expect(open({ endpoint: 'openai' })).rejects.toThrow('endpoint: "openai" is not a URL');
  });
});
