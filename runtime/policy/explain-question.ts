import { z } from 'zod';

const kinds = [
  ...(['Binding', 'Configuration', 'Lock', 'Middleware', 'Pubsub', 'Crypto'] as const),
  ...(['Conversation', 'Secretstore', 'Statestore'] as const),
] as const;

const name = z.string().min(1);

/** What `daprd --explain` is asked: about which call, and with which files or manifests. */
export const explainQuestion = z.object({
  /** The app whose sidecar it is. */
  appId: z.string().default(''),
  namespace: z.string().optional(),
  resourcesPaths: z.array(z.string()).default([]),
  configs: z.array(z.string()).default([]),
  /** In place of files: manifests as the API server has them. */
  manifests: z.object({ resiliencies: z.array(z.unknown()), configuration: z.unknown().optional() }).optional(),
  ask: z.discriminatedUnion('about', [
    z.object({ about: z.literal('app'), name }),
    z.object({ about: z.literal('actor'), name }),
    z.object({
      about: z.literal('component'),
      name,
      kind: z.enum(kinds),
      direction: z.enum(['inbound', 'outbound']).default('outbound'),
    }),
    z.object({
      about: z.literal('access'),
      /** The caller. */
      appId: name,
      namespace: z.string().default('default'),
      trustDomain: z.string().default('public'),
      method: name,
      verb: z.string().default(''),
      appProtocol: z.string().default('http'),
    }),
  ]),
});
