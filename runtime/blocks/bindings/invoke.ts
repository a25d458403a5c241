import { formatTraceparent } from '#kit/telemetry/tracing/trace-context.ts';
import type { Tracing } from '#kit/telemetry/tracing/tracing.ts';
import { anyCase } from '#kit/values/any-case.ts';
import { isFields } from '#kit/values/fields.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { startCallSpan } from '../../doors/tracing.ts';
import { jsonField, jsonNull } from '../json-spans.ts';
import { type Context, defineOperation } from '../operation.ts';
import { jsonBody, malformed, metadataHeaders, metadataOf, noContent } from '../rest.ts';
import { type BoundBinding, bindingKind, invokeFailed, isOutput } from './kind.ts';

const bodyFields = anyCase('data', 'operation', 'metadata');

/** Calls an operation of an output binding. */
export const invokeBinding = (tracing: Tracing) =>
  defineOperation({
    method: Dapr.method.invokeBinding,
    api: 'bindings.v1',
    component: { kind: bindingKind, name: (request) => request.name, action: 'invoke' },
    http: {
      method: ['POST', 'PUT'],
      path: '/v1.0/bindings/{name}',
      toRequest(http) {
        const body = jsonBody(http);
        if (!isFields(body)) throw malformed('the body must be an object');
        const fields = bodyFields(body);
        const operation = fields['operation'] ?? '';
        if (typeof operation !== 'string') throw malformed('"operation" must be a text');
        const data = jsonField(http.body, 'data') ?? jsonNull;
        return { name: http.params.name, operation, metadata: metadataOf(fields), data };
      },
      toReply: ({ data = new Uint8Array(), metadata }) => {
        const headers = metadataHeaders(metadata as Record<string, string> | undefined);
        return data.length === 0 ? { ...noContent, headers } : { status: 200, headers, body: data as Uint8Array };
      },
    },
    async handle({ name, operation, data, metadata }, context) {
      const { component: bound, signal } = context;
      checkOperation(bound, operation);
      try {
        const request = { operation, data, metadata: { ...metadata, ...traceMetadata(context, metadata, tracing) } };
        const response = await bound.binding.invoke!(request, signal);
        return { data: response.data ?? new Uint8Array(), metadata: { ...response.metadata } };
      } catch (thrown) {
        throw invokeFailed(name, thrown instanceof Error ? thrown.message : String(thrown), thrown);
      }
    },
  });

/** Throws where the binding is no output binding, or does not know the operation. */
export function checkOperation(bound: BoundBinding, operation: string): void {
  const { name, binding } = bound;
  if (operation === '') throw invokeFailed(name, 'operation field is missing from request');
  if (!isOutput(bound)) throw invokeFailed(name, `couldn't find output binding ${name}`);
  const { operations = [] } = binding;
  if (operations.includes(operation)) return;
  throw invokeFailed(
    name,
    `binding ${name} does not support operation ${operation}. supported operations:${operations.join(' ')}`,
  );
}

/** The trace of the call, for bindings that pass it on; where the doors make no spans, the caller's or a new one. */
function traceMetadata(
  { trace, headers }: Context,
  metadata: Readonly<Record<string, string>>,
  tracing: Tracing,
): Record<string, string> {
  if ('traceparent' in metadata) return {};
  const context = trace ?? startCallSpan(tracing, 'InvokeBinding', headers).context;
  return { traceparent: formatTraceparent(context), ...(context.state && { tracestate: context.state }) };
}
