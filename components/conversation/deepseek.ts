import { z } from 'zod';
import { defineComponent, type OpenContext } from '#contracts/component.ts';
import { secret, text, unused } from '#contracts/settings.ts';
import { chatCompletions, chatService } from './chat-completions.ts';

export const component = defineComponent({
  type: 'conversation.deepseek',
  versions: ['v1'],
  title: 'DeepSeek',
  description: 'Talks to models of DeepSeek, by its chat completions API.',
  settings: z.object({
    key: secret('API key.', { whenMissing: 'key is missing: give the API key of the service' }),
    model: text('Model.').default('deepseek-chat'),
    endpoint: text('Address of the service.').default('https://api.deepseek.com'),
    maxTokens: unused('the model says how long its answers are.'),
  }),
  open: async ({ key, model, endpoint }, { signal }: OpenContext) =>
    chatCompletions(chatService(endpoint, key, model), 0, signal),
});
