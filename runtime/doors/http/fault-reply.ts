import type { Fault, FaultDetail } from '#kit/errors/fault.ts';
import { faults } from '#kit/errors/table.ts';
import type { RestReply } from '../../blocks/rest.ts';

/** A fault as the HTTP door answers it: `{errorCode, message, details?}` with the status of its row. */
export function faultReply(problem: Fault): RestReply {
  const { errorCode, message, details } = problem;
  const body = details.length === 0 ? { errorCode, message } : { errorCode, message, details: details.map(asJson) };
  return { status: problem.chosen?.http ?? faults[problem.key].http, body: JSON.stringify(body) };
}

/** A detail as JSON of its google.rpc message, in Dapr's field names. */
function asJson(detail: FaultDetail): Record<string, unknown> {
  switch (detail.kind) {
    case 'error-info':
      return {
        '@type': typeUrl('ErrorInfo'),
        domain: detail.domain,
        metadata: Object.keys(detail.metadata).length === 0 ? null : detail.metadata,
        reason: detail.reason,
      };
    case 'resource-info':
      return {
        '@type': typeUrl('ResourceInfo'),
        description: detail.description,
        owner: detail.owner,
        resource_name: detail.resourceName,
        resource_type: detail.resourceType,
      };
    case 'bad-request':
      return { '@type': typeUrl('BadRequest'), field_violations: detail.violations };
    case 'help':
      return { '@type': typeUrl('Help'), links: detail.links };
  }
}

const typeUrl = (name: string) => `type.googleapis.com/google.rpc.${name}`;
