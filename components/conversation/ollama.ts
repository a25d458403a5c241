import { z } from 'zod';
import { defineComponent, type OpenContext } from '#contracts/component.ts';
import { secret, text } from '#contracts/settings.ts';
import { chatCompletions, chatService, responseCacheTTL } from './chat-completions.ts';

export const component = defineComponent({
  type: 'conversation.ollama',
  versions: ['v1'],
  title: 'Ollama',
  description: 'Talks to models that Ollama runs, by its chat completions API.',
  settings: z.object({
    key: secret('Ollama asks for none; a proxy before it may.').default('ollama'),
    model: text('Model; OLLAMA_MODEL of the environment wins.').default('llama3.2:latest'),
    endpoint: text('Address of the server, up to the `/v1`.').default('http://localhost:11434/v1'),
    responseCacheTTL,
  }),
  open: async ({ key, model, endpoint, responseCacheTTL: cacheMs }, { signal, env }: OpenContext) =>
    chatCompletions(chatService(endpoint, key, env['OLLAMA_MODEL'] || model), cacheMs, signal),
});
