import { bindingKind } from './bindings/kind.ts';
import { configurationKind } from './configuration/kind.ts';
import { conversationKind } from './conversation/kind.ts';
import { cryptoKind } from './crypto/kind.ts';
import type { Kind } from './kind.ts';
import { lockKind } from './lock/kind.ts';
import { middlewareKind } from './middleware/kind.ts';
import { pubsubKind } from './pubsub/kind.ts';
import { secretKind } from './secrets/kind.ts';
import { stateKind } from './state/kind.ts';

/** Every kind of component the runtime can use. A component of another kind cannot be loaded. */
export const kinds: readonly Kind[] = [
  conversationKind as Kind,
  secretKind as Kind,
  stateKind as Kind,
  pubsubKind as Kind,
  bindingKind as Kind,
  lockKind as Kind,
  configurationKind as Kind,
  cryptoKind as Kind,
  middlewareKind as Kind,
];
