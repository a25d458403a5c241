import { z } from 'zod';
import { defineComponent } from '#contracts/component.ts';
import type { Conversation, ConverseRequest, ConverseResponse, Tool, ToolCall } from '#contracts/conversation.ts';

export const component = defineComponent({
  type: 'conversation.echo',
  versions: ['v1'],
  title: 'Echo',
  description: 'Answers with what it was told, and with a call of each tool it was offered. For tests and examples.',
  settings: z.object({}),
  open: async (): Promise<Conversation> => ({
    converse: async (request) => echo(request),
    async [Symbol.asyncDispose]() {},
  }),
});

function echo({ messages, tools = [], contextId }: ConverseRequest): ConverseResponse {
  const given = messages.flatMap((message) => (message.role === 'assistant' ? (message.toolCalls ?? []) : []));
  const toolCalls = [...tools.map(callOf), ...given];
  const content = messages
    .flatMap((message) =>
      message.role === 'tool'
        ? message.content.map(
            (text) => `Tool Response for tool ID '${message.toolId}' with name '${message.name}': ${text}`,
          )
        : message.content,
    )
    .join('\n');
  const words = content.split(/\s+/).filter(Boolean).length;
  return {
    contextId,
    choices: [{ finishReason: toolCalls.length > 0 ? 'tool_calls' : 'stop', content, toolCalls }],
    usage: { prompt: words, completion: words, total: 2 * words },
  };
}

/** A call with the names of the tool's parameters as its arguments. */
function callOf({ name, parameters }: Tool, index: number): ToolCall {
  const properties = Object.keys((parameters?.['properties'] as Record<string, unknown> | undefined) ?? {});
  return { id: String(index), name, arguments: properties.sort().join(',') };
}
