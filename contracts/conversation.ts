import type { Metadata } from './component.ts';

export type ToolCall = {
  id: string;
  name: string;
  /** JSON as the model wrote it. */
  arguments: string;
};

export type ConversationMessage =
  | { role: 'developer' | 'system' | 'user'; name?: string | undefined; content: readonly string[] }
  | {
      role: 'assistant';
      name?: string | undefined;
      content: readonly string[];
      toolCalls?: readonly ToolCall[] | undefined;
    }
  | { role: 'tool'; toolId: string; name: string; content: readonly string[] };

export type Tool = {
  name: string;
  description?: string | undefined;
  /** JSON Schema of the arguments. */
  parameters?: Readonly<Record<string, unknown>> | undefined;
};

export type ConverseRequest = {
  messages: readonly ConversationMessage[];
  tools?: readonly Tool[] | undefined;
  /** `auto`, `none`, `required`, or the name of one tool. */
  toolChoice?: string | undefined;
  /** 0 steady … 1 inventive. */
  temperature?: number | undefined;
  /** Of an earlier response. */
  contextId?: string | undefined;
  /** JSON Schema that the answer must fit. */
  responseFormat?: Readonly<Record<string, unknown>> | undefined;
  promptCacheRetentionMs?: number | undefined;
  parameters?: Readonly<Record<string, unknown>> | undefined;
  metadata?: Metadata | undefined;
};

export type ConverseChoice = {
  finishReason: string;
  content: string;
  toolCalls?: readonly ToolCall[] | undefined;
};

/** Tokens, as the provider counts them; the parts only where it tells them. */
export type ConverseUsage = {
  prompt: number;
  completion: number;
  total: number;
  ofPrompt?: { audio: number; cached: number } | undefined;
  ofCompletion?:
    | { audio: number; reasoning: number; acceptedPrediction: number; rejectedPrediction: number }
    | undefined;
};

export type ConverseResponse = {
  contextId?: string | undefined;
  model?: string | undefined;
  choices: readonly ConverseChoice[];
  usage?: ConverseUsage | undefined;
};

/** An opened connection to a language model. */
export type Conversation = AsyncDisposable & {
  converse(request: ConverseRequest, signal?: AbortSignal): Promise<ConverseResponse>;
};
