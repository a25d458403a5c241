import { z } from 'zod';
import { defineComponent, type OpenContext } from '#contracts/component.ts';
import { secret, text } from '#contracts/settings.ts';
import { chatCompletions, chatService, responseCacheTTL } from './chat-completions.ts';

const endpointOf = (model: string): string => `https://router.huggingface.co/hf-inference/models/${model}/v1`;

export const component = defineComponent({
  type: 'conversation.huggingface',
  versions: ['v1'],
  title: 'Hugging Face',
  description: 'Talks to models that Hugging Face serves, by its chat completions API.',
  settings: z.object({
    key: secret('API key.', { whenMissing: 'key is missing: give the API key of the service' }),
    model: text('Model; HUGGINGFACE_MODEL of the environment wins.').default(
      'deepseek-ai/DeepSeek-R1-Distill-Qwen-32B',
    ),
    endpoint: text('Address of the service, up to the `/v1`; without one that of the model.').optional(),
    responseCacheTTL,
  }),
  open: async ({ key, model, endpoint, responseCacheTTL: cacheMs }, { signal, env }: OpenContext) => {
    const used = env['HUGGINGFACE_MODEL'] || model;
    return chatCompletions(chatService(endpoint || endpointOf(used), key, used), cacheMs, signal);
  },
});
