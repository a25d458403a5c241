import type { ConversationMessage } from '#contracts/conversation.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { defineOperation } from '../operation.ts';
import { conversationFailed, missingInputs } from './conversation-faults.ts';
import { conversationKind } from './kind.ts';
import { scrub } from './scrub.ts';

/** Talks to a language model in plain texts. Older than the second version, which knows tools. */
export const converseAlpha1 = defineOperation({
  method: Dapr.method.converseAlpha1,
  api: 'conversation.v1alpha1',
  component: { kind: conversationKind, name: (request) => request.name, action: 'converse' },
  http: { method: 'POST', path: '/v1.0-alpha1/conversation/{name}/converse' },
  async handle(request, { component: { name, model }, signal }) {
    if (request.inputs.length === 0) throw missingInputs(name);
    const messages = request.inputs.map(({ content, role, scrubPII }) =>
      messageOf(role, scrubPII ? scrub(content) : content),
    );
    const { temperature, metadata, contextID, parameters } = request;
    try {
      const { choices } = await model.converse({ messages, temperature, metadata, contextId: contextID }, signal);
      const content = choices[0]?.content ?? '';
      return {
        ...(contextID ? { contextID } : {}),
        outputs: [{ result: request.scrubPII ? scrub(content) : content, parameters }],
      };
    } catch (thrown) {
      throw conversationFailed(name, thrown);
    }
  },
});

/** Roles by the words that callers use for them; unknown ones count as the user. */
function messageOf(role: string | undefined, text: string): ConversationMessage {
  const content = [text];
  if (role === 'system') return { role, content };
  if (role === 'assistant' || role === 'ai') return { role: 'assistant', content };
  if (role === 'tool') return { role, toolId: '', name: '', content };
  return { role: 'user', content };
}
