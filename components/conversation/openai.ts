import { z } from 'zod';
import { defineComponent, type OpenContext } from '#contracts/component.ts';
import { choice, secret, text } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';
import { baseOf, type ChatService, chatCompletions, chatService, responseCacheTTL } from './chat-completions.ts';

const publicEndpoint = 'https://api.openai.com/v1';

const settings = z.object({
  key: secret('API key.', { whenMissing: 'key is missing: give the API key of the service' }),
  model: text(
    'Model: gpt-5-nano (azure: gpt-4.1-nano) without one; OPENAI_MODEL (AZURE_OPENAI_MODEL) of the environment wins.',
  ).optional(),
  endpoint: text('Address of a service that speaks this API, up to the `/v1`.').optional(),
  responseCacheTTL,
  apiType: choice('Whose form of the API it is.', ['open_ai', 'azure']).default('open_ai'),
  apiVersion: text('Version of the API; needed with azure.').optional(),
});

type Settings = z.output<typeof settings>;

export const component = defineComponent({
  type: 'conversation.openai',
  versions: ['v1'],
  title: 'OpenAI',
  description: 'Talks to models of OpenAI, of Azure OpenAI, and of any service with the chat completions API.',
  settings,
  open: async (given, { signal, env }: OpenContext) =>
    chatCompletions(serviceOf(given, env), given.responseCacheTTL, signal),
});

function serviceOf({ key, model, endpoint, apiType, apiVersion }: Settings, env: OpenContext['env']): ChatService {
  const base = baseOf(endpoint ?? publicEndpoint);
  if (apiType === 'open_ai') return chatService(base, key, env['OPENAI_MODEL'] || model || 'gpt-5-nano');
  if (endpoint === undefined || apiVersion === undefined)
    throw fault('invalid-metadata', "endpoint and apiVersion must be provided when apiType is set to 'azure'");
  const used = env['AZURE_OPENAI_MODEL'] || model || 'gpt-4.1-nano';
  const path = `/openai/deployments/${encodeURIComponent(used)}/chat/completions`;
  return {
    url: `${base}${path}?api-version=${encodeURIComponent(apiVersion)}`,
    headers: { 'api-key': key },
    model: used,
  };
}
