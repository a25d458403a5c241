import { component } from './component.ts';
import { configuration } from './configuration.ts';
import { httpEndpoint } from './http-endpoint.ts';
import type { Kind } from './kind.ts';
import { mcpServer } from './mcp-server.ts';
import { resiliency } from './resiliency.ts';
import { subscription } from './subscription.ts';
import { workflowAccessPolicy } from './workflow-access-policy.ts';

/** Every kind of the `dapr.io` group. */
export const kinds: readonly Kind<{ metadata: { name: string; namespace?: string | undefined } }>[] = [
  component,
  configuration,
  httpEndpoint,
  mcpServer,
  resiliency,
  subscription,
  workflowAccessPolicy,
];
