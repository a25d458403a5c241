import { z } from 'zod';
import type {
  Conversation,
  ConversationMessage,
  ConverseRequest,
  ConverseResponse,
  ConverseUsage,
  Tool,
  ToolCall,
} from '#contracts/conversation.ts';
import { duration } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';
import { remembering } from './remembering.ts';

/** A model behind an HTTP address of the chat completions API, which OpenAI made and others speak too. */
export type ChatService = { url: string; headers: Readonly<Record<string, string>>; model: string };

/** The setting that all who speak this API take. */
export const responseCacheTTL = duration(
  'How long an answer is given again to the same question; not positive is never.',
  's',
  { aliases: ['cacheTTL'] },
).default(0);

/** A conversation with the model; with a positive `cacheMs` it gives an answer again to the same question. */
export function chatCompletions(service: ChatService, cacheMs: number, life: AbortSignal): Conversation {
  const ask = (request: ConverseRequest, call: AbortSignal | undefined) =>
    converse(service, request, call === undefined ? life : AbortSignal.any([life, call]));
  return {
    converse: cacheMs > 0 ? remembering(ask, cacheMs, () => performance.now()) : ask,
    async [Symbol.asyncDispose]() {},
  };
}

/** The address of the completions below an endpoint, and the header that a key goes in. Throws `invalid-metadata` where it is no URL. */
export function chatService(endpoint: string, key: string, model: string): ChatService {
  return {
    url: `${baseOf(endpoint)}/chat/completions`,
    headers: { authorization: `Bearer ${key}` },
    model,
  };
}

/** An endpoint without slashes at its end. Throws `invalid-metadata` where it is no URL. */
export function baseOf(endpoint: string): string {
  const base = endpoint.replace(/\/+$/, '');
  if (!URL.canParse(base)) throw fault('invalid-metadata', `endpoint: "${base}" is not a URL`);
  return base;
}

async function converse(
  service: ChatService,
  request: ConverseRequest,
  signal: AbortSignal,
): Promise<ConverseResponse> {
  const answer = await post(service, bodyOf(service.model, request), signal);
  const { model, choices, usage } = readAnswer(answer);
  if (request.toolChoice === 'required' && choices.every(isEmpty)) {
    throw fault('unavailable', `the model answered nothing, although it must call one of its tools`);
  }
  return {
    contextId: request.contextId,
    model: model || service.model,
    choices: choices.map(({ finish_reason: reason, message }) => ({
      finishReason: reason || 'unknown',
      content: message.content ?? '',
      toolCalls: message.tool_calls?.map(({ id, function: called }) => ({ id, ...called })),
    })),
    ...(usage && { usage: usageOf(usage) }),
  };
}

function usageOf({ prompt_tokens_details: prompt, completion_tokens_details: completion, ...usage }: Usage) {
  const told: ConverseUsage = {
    ...{ prompt: usage.prompt_tokens, completion: usage.completion_tokens, total: usage.total_tokens },
  };
  if (prompt) told.ofPrompt = { audio: prompt.audio_tokens ?? 0, cached: prompt.cached_tokens ?? 0 };
  if (completion) {
    told.ofCompletion = {
      audio: completion.audio_tokens ?? 0,
      reasoning: completion.reasoning_tokens ?? 0,
      acceptedPrediction: completion.accepted_prediction_tokens ?? 0,
      rejectedPrediction: completion.rejected_prediction_tokens ?? 0,
    };
  }
  return told;
}

async function post({ url, headers }: ChatService, body: object, signal: AbortSignal): Promise<string> {
  const { host } = new URL(url);
  try {
    const init = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, signal };
    const answer = await fetch(url, { ...init, body: JSON.stringify(body) });
    const read = await answer.text();
    if (answer.ok) return read;
    throw new Error(`status ${answer.status}: ${problemOf(read)}`);
  } catch (cause) {
    if (signal.aborted) throw fault('cancelled', `the question to ${host} was cancelled`, { cause });
    const { message, cause: inner } = cause as Error;
    const why = inner instanceof Error ? `${message}: ${inner.message}` : message;
    throw fault('unavailable', `${host} did not answer: ${why}`, { cause });
  }
}

/** What the service says is wrong. */
function problemOf(body: string): string {
  try {
    return String((JSON.parse(body) as { error: { message: unknown } }).error.message);
  } catch {
    return body.slice(0, 200);
  }
}

const tokens = z.number().nonnegative();

const usageShape = z.object({
  prompt_tokens: tokens,
  completion_tokens: tokens,
  total_tokens: tokens,
  prompt_tokens_details: z.object({ audio_tokens: tokens.nullish(), cached_tokens: tokens.nullish() }).nullish(),
  completion_tokens_details: z
    .object({
      audio_tokens: tokens.nullish(),
      reasoning_tokens: tokens.nullish(),
      accepted_prediction_tokens: tokens.nullish(),
      rejected_prediction_tokens: tokens.nullish(),
    })
    .nullish(),
});

type Usage = z.output<typeof usageShape>;

const answerShape = z.object({
  model: z.string().nullish(),
  choices: z.array(
    z.object({
      finish_reason: z.string().nullish(),
      message: z.object({
        content: z.string().nullish(),
        tool_calls: z
          .array(z.object({ id: z.string(), function: z.object({ name: z.string(), arguments: z.string() }) }))
          .nullish(),
      }),
    }),
  ),
  usage: usageShape.nullish(),
});

type Choice = z.output<typeof answerShape>['choices'][number];

const isEmpty = ({ message }: Choice): boolean => !message.content && !message.tool_calls?.length;

function readAnswer(text: string): z.output<typeof answerShape> {
  try {
    return answerShape.parse(JSON.parse(text));
  } catch (cause) {
    throw fault('unavailable', 'the service answered what is no chat completion: is endpoint right?', { cause });
  }
}

function bodyOf(model: string, request: ConverseRequest): object {
  const { messages, tools = [], toolChoice, temperature, responseFormat, promptCacheRetentionMs, metadata } = request;
  return {
    model,
    messages: messages.map(messageOf),
    ...(tools.length > 0 && { tools: tools.map(toolOf) }),
    ...(toolChoice !== undefined && tools.length > 0 && { tool_choice: toolChoiceOf(toolChoice) }),
    ...(temperature && { temperature }),
    ...(responseFormat && { response_format: { type: 'json_schema', json_schema: formatOf(responseFormat) } }),
    ...(promptCacheRetentionMs && { prompt_cache_retention: `${promptCacheRetentionMs / 3_600_000}h` }),
    ...(metadata && Object.keys(metadata).length > 0 && { metadata }),
  };
}

function messageOf(message: ConversationMessage): object {
  const { role, name } = message;
  const content = contentOf(message.content);
  if (message.role === 'tool') return { role, tool_call_id: message.toolId, content };
  const named = name ? { name } : {};
  const calls = message.role === 'assistant' ? (message.toolCalls ?? []) : [];
  if (calls.length === 0) return { role, ...named, content };
  return { role, ...named, content: content || null, tool_calls: calls.map(callOf) };
}

const contentOf = (texts: readonly string[]): string | object[] =>
  texts.length === 1 ? texts[0]! : texts.length === 0 ? '' : texts.map((text) => ({ type: 'text', text }));

const callOf = ({ id, name, arguments: given }: ToolCall): object => ({
  id,
  type: 'function',
  function: { name, arguments: given },
});

const toolOf = ({ name, description, parameters }: Tool): object => ({
  type: 'function',
  function: { name, ...(description && { description }), ...(parameters && { parameters }) },
});

const toolChoiceOf = (choice: string): unknown =>
  ['auto', 'none', 'required'].includes(choice) ? choice : { type: 'function', function: { name: choice } };

/** A schema may bring a name of its own, and ask for strictness, beside what JSON Schema has. */
function formatOf({ name, strict, description, ...schema }: Readonly<Record<string, unknown>>): object {
  return {
    name: typeof name === 'string' && name !== '' ? name : 'response',
    ...(description !== undefined && { description }),
    ...(typeof strict === 'boolean' && { strict }),
    schema,
  };
}
