import type { FaultDetail } from '#kit/errors/fault.ts';

/** Domain of every ErrorInfo that Dapr's contracts name. */
const domain = 'dapr.io';

/** The detail that names an error for programs. */
export const errorInfo = (reason: string, metadata: Readonly<Record<string, string>> = {}): FaultDetail => ({
  kind: 'error-info',
  reason,
  domain,
  metadata,
});

/** The detail that names the component at fault. */
export const resourceInfo = (resourceType: string, resourceName: string): FaultDetail => ({
  kind: 'resource-info',
  resourceType,
  resourceName,
  owner: '',
  description: '',
});
