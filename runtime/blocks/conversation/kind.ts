import type { Conversation } from '#contracts/conversation.ts';
import { fault } from '#kit/errors/fault.ts';
import { defineKind } from '../kind.ts';

/** A connection to a language model, in use. */
export type BoundConversation = { readonly name: string; readonly model: Conversation };

/** Connections to language models. */
export const conversationKind = defineKind<Conversation, BoundConversation>({
  category: 'conversation',
  metric: 'conversation',
  policy: 'Conversation',
  bind: (model, { name }) => ({ name, model }),
  capabilities: () => [],
  absent: (name) => fault('conversation-not-found', `failed finding conversation component ${name}`),
});
