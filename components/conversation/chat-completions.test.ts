import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { openComponent } from '#contracts/component.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { chatService } from './chat-completions.ts';
import { component as deepseek } from './deepseek.ts';
import { component as huggingface } from './huggingface.ts';
import { component as ollama } from './ollama.ts';

/** A service that answers who asked it for which model, and where. */
let server: Server;
let endpoint: string;
beforeAll(async () => {
  server = createServer(async (request, response) => {
    const { model } = JSON.parse(await text(request));
    const content = `${request.headers.authorization} asks ${model} at ${request.url}`;
    response.end(JSON.stringify({ model, choices: [{ finish_reason: 'stop', message: { content } }] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

type Definition = typeof ollama | typeof deepseek | typeof huggingface;

async function ask(definition: Definition, metadata: Record<string, string>, env: Record<string, string> = {}) {
  const context = { name: 'llm', log: silentLogger, signal: new AbortController().signal, env };
  await using model = await openComponent(definition as typeof ollama, { endpoint, ...metadata }, context);
  const { choices } = await model.converse({ messages: [{ role: 'user', content: ['Hi'] }] });
  return choices[0]?.content;
}

describe('services of the chat completions API', () => {
  it('are asked for the model that is set, then for their own', async () => {
    expect(await ask(ollama, {})).toBe('Bearer ollama asks llama3.2:latest at /v1/chat/completions');
    expect(await ask(ollama, { model: 'phi4' })).toContain('asks phi4 at');
    expect(await ask(deepseek, { key: 'k' })).toBe('Bearer k asks deepseek-chat at /v1/chat/completions');
    expect(await ask(huggingface, { key: 'k', model: 'a/b' })).toBe('Bearer k asks a/b at /v1/chat/completions');
  });

  it('are asked for the model of the environment before any other', async () => {
    expect(await ask(ollama, { model: 'phi4' }, { OLLAMA_MODEL: 'qwen3' })).toContain('asks qwen3 at');
    expect(await ask(huggingface, { key: 'k' }, { HUGGINGFACE_MODEL: 'c/d' })).toContain('asks c/d at');
  });

  it('want a key where the service does', async () => {
    await expect(ask(deepseek, {})).rejects.toThrow('key is missing');
    await expect(ask(huggingface, {})).rejects.toThrow('key is missing');
  });

  it('are refused where the endpoint is no URL', () => {
    expect(() => chatService('nowhere', 'k', 'm')).toThrow('endpoint: "nowhere" is not a URL');
  });
});
