import type { ConversationMessage, Tool, ToolCall } from '#contracts/conversation.ts';
import type {
  ConversationInputAlpha2,
  ConversationMessageContent,
  ConversationToolCalls,
  ConversationTools,
  ConversationMessage as WireMessage,
} from '#proto/dapr/proto/runtime/v1/ai_pb.js';
import { invalidParams } from './conversation-faults.ts';
import { scrub } from './scrub.ts';

/** The messages of all inputs in their order, scrubbed where an input asks for it. Throws where one has no type. */
export function toMessages(name: string, inputs: readonly ConversationInputAlpha2[]): ConversationMessage[] {
  return inputs.flatMap(({ messages, scrubPii }) => messages.map((one) => toMessage(name, one, scrubPii ?? false)));
}

function toMessage(component: string, { messageTypes }: WireMessage, scrubbed: boolean): ConversationMessage {
  const texts = (content: readonly ConversationMessageContent[]) =>
    content.map(({ text }) => (scrubbed ? scrub(text) : text));
  switch (messageTypes.case) {
    case 'ofDeveloper':
      return { role: 'developer', name: messageTypes.value.name, content: texts(messageTypes.value.content) };
    case 'ofSystem':
      return { role: 'system', name: messageTypes.value.name, content: texts(messageTypes.value.content) };
    case 'ofUser':
      return { role: 'user', name: messageTypes.value.name, content: texts(messageTypes.value.content) };
    case 'ofAssistant': {
      const { name, content, toolCalls } = messageTypes.value;
      const calls = toolCalls.map((call) => toToolCall(component, call));
      return { role: 'assistant', name, content: texts(content), toolCalls: calls };
    }
    case 'ofTool': {
      const { toolId = '', name, content } = messageTypes.value;
      return { role: 'tool', toolId, name, content: texts(content) };
    }
    default:
      throw invalidParams(component, 'message type cannot be nil');
  }
}

function toToolCall(component: string, { id = '', toolTypes }: ConversationToolCalls): ToolCall {
  if (toolTypes.case === undefined) throw invalidParams(component, 'tool types cannot be nil');
  return { id, name: toolTypes.value.name, arguments: toolTypes.value.arguments };
}

/** Tools as models take them; schemas of parameters stay as they came. */
export const toTools = (tools: readonly ConversationTools[]): Tool[] =>
  tools.flatMap(({ toolTypes }) => {
    if (toolTypes.case === undefined) return [];
    const { name, description, parameters } = toolTypes.value;
    return [{ name, description, parameters }];
  });

const words = ['auto', 'none'];

/** Which tool may be called: `auto` where there are tools and nothing is said. Throws for one that is not offered. */
export function toToolChoice(name: string, given: string | undefined, tools: readonly Tool[]): string | undefined {
  const choice = given || (tools.length > 0 ? 'auto' : undefined);
  if (choice === undefined || words.includes(choice)) return choice;
  const known =
    choice === 'required' ? tools.length > 0 : tools.length === 0 || tools.some((one) => one.name === choice);
  if (known) return choice;
  throw invalidParams(name, "tool choice must be 'auto', 'none', 'required', or the name of a tool that is given");
}
