import type { Rule } from './route.ts';

/** A topic that messages are taken from, wherever that was written down. */
export type Subscription = {
  pubsubName: string;
  topic: string;
  metadata: Readonly<Record<string, string>>;
  /** Empty for none. */
  deadLetterTopic: string;
  /** The first that matches says where in the app a message goes; none: it is dropped. */
  rules: readonly Rule[];
  /** Set where messages are delivered in batches. */
  bulk: { maxMessages: number; maxAwaitMs: number } | undefined;
  origin: 'DECLARATIVE' | 'PROGRAMMATIC' | 'STREAMING';
};

const defaultMaxMessages = 100;
const defaultMaxAwaitMs = 1_000;

/** The batches that a manifest or an app asks for, Dapr's defaults in place of what it leaves out. */
export const bulkOf = (
  given:
    | { enabled?: boolean; maxMessagesCount?: number | undefined; maxAwaitDurationMs?: number | undefined }
    | undefined,
): Subscription['bulk'] =>
  given?.enabled
    ? {
        maxMessages: given.maxMessagesCount || defaultMaxMessages,
        maxAwaitMs: given.maxAwaitDurationMs || defaultMaxAwaitMs,
      }
    : undefined;
