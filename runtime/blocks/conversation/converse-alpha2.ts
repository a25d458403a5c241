import type { MessageInitShape } from '@bufbuild/protobuf';
import { durationMs } from '@bufbuild/protobuf/wkt';
import type { ConverseChoice, ConverseResponse, ConverseUsage } from '#contracts/conversation.ts';
import type {
  ConversationRequestAlpha2,
  ConversationResultAlpha2CompletionUsageSchema,
  ConversationResultAlpha2Schema,
  ConversationResultChoicesSchema,
} from '#proto/dapr/proto/runtime/v1/ai_pb.js';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { defineOperation } from '../operation.ts';
import { conversationFailed, missingInputs } from './conversation-faults.ts';
import { conversationKind } from './kind.ts';
import { toMessages, toToolChoice, toTools } from './messages.ts';
import { scrub } from './scrub.ts';

/** Talks to a language model, with tools it may call. */
export const converseAlpha2 = defineOperation({
  method: Dapr.method.converseAlpha2,
  api: 'conversation.v1alpha2',
  component: { kind: conversationKind, name: (request) => request.name, action: 'converse' },
  http: { method: 'POST', path: '/v1.0-alpha2/conversation/{name}/converse' },
  async handle(request, { component: { name, model }, signal }) {
    if (request.inputs.length === 0) throw missingInputs(name);
    const asked = toRequest(name, request);
    try {
      const answer = await model.converse(asked, signal);
      const { contextId } = request;
      return { ...(contextId ? { contextId } : {}), outputs: [toResult(answer, request.scrubPii ?? false)] };
    } catch (thrown) {
      throw conversationFailed(name, thrown);
    }
  },
});

function toRequest(name: string, request: ConversationRequestAlpha2) {
  const tools = toTools(request.tools);
  const { temperature, contextId, responseFormat, metadata, promptCacheRetention } = request;
  return {
    ...{ temperature, contextId, responseFormat, metadata, tools },
    messages: toMessages(name, request.inputs),
    toolChoice: toToolChoice(name, request.toolChoice, tools),
    promptCacheRetentionMs: promptCacheRetention && durationMs(promptCacheRetention),
  };
}

function toResult(
  { choices, model, usage }: ConverseResponse,
  scrubbed: boolean,
): MessageInitShape<typeof ConversationResultAlpha2Schema> {
  const result: MessageInitShape<typeof ConversationResultAlpha2Schema> = {
    choices: choices.map((choice, index) => toChoice(choice, index, scrubbed)),
  };
  if (model) result.model = model;
  if (usage) result.usage = toUsage(usage);
  return result;
}

/** Parts of which none is used are left out, as Dapr does. */
function toUsage({ prompt, completion, total, ofPrompt, ofCompletion }: ConverseUsage) {
  const usage: MessageInitShape<typeof ConversationResultAlpha2CompletionUsageSchema> = {
    ...{ promptTokens: BigInt(prompt), completionTokens: BigInt(completion), totalTokens: BigInt(total) },
  };
  if (isUsed(ofPrompt)) {
    usage.promptTokensDetails = { audioTokens: BigInt(ofPrompt.audio), cachedTokens: BigInt(ofPrompt.cached) };
  }
  if (isUsed(ofCompletion)) {
    usage.completionTokensDetails = {
      audioTokens: BigInt(ofCompletion.audio),
      reasoningTokens: BigInt(ofCompletion.reasoning),
      acceptedPredictionTokens: BigInt(ofCompletion.acceptedPrediction),
      rejectedPredictionTokens: BigInt(ofCompletion.rejectedPrediction),
    };
  }
  return usage;
}

const isUsed = <T extends Record<string, number>>(parts: T | undefined): parts is T =>
  parts !== undefined && Object.values(parts).some((tokens) => tokens > 0);

function toChoice(
  { finishReason, content, toolCalls = [] }: ConverseChoice,
  index: number,
  scrubbed: boolean,
): MessageInitShape<typeof ConversationResultChoicesSchema> {
  return {
    finishReason,
    index: BigInt(index),
    message: {
      content: scrubbed ? scrub(content) : content,
      toolCalls: toolCalls.map((call) => ({
        ...(call.id ? { id: call.id } : {}),
        toolTypes: { case: 'function', value: { name: call.name, arguments: call.arguments } },
      })),
    },
  };
}
