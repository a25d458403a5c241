import type { MessageInitShape } from '@bufbuild/protobuf';
import { Fault, fault, toFault } from '#kit/errors/fault.ts';
import { faults, grpcCode } from '#kit/errors/table.ts';
import type { Call } from '#kit/grpc/call.ts';
import type { Implementation } from '#kit/grpc/service.ts';
import { StatusError } from '#kit/grpc/status.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { Tracing } from '#kit/telemetry/tracing/tracing.ts';
import type { InvokeResponseSchema } from '#proto/dapr/proto/common/v1/common_pb.js';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import type { InvokeServiceRequest } from '#proto/dapr/proto/runtime/v1/invoke_pb.js';
import { verbName } from '../channel/grpc.ts';
import { grpcAttributes } from '../doors/tracing.ts';
import type { Runner } from '../policy/resiliency/run.ts';
import { endInvokeSpan, startInvokeSpan } from './call-span.ts';
import { callGuarded } from './guarded.ts';
import { toGrpcMetadata, traceMetadata } from './headers.ts';
import { collect, type InvokeAnswer, type InvokeCall, isHttpAnswer, noBody } from './message.ts';
import { normalizeMethod } from './method-name.ts';
import type { InvokeRouter } from './router.ts';
import { errorText, statusOfHttp } from './status.ts';

export type InvokeServiceOptions = {
  router: InvokeRouter;
  run: Runner;
  tracing: Tracing;
  log: Logger;
  /** Largest body of an answer, in bytes: it is one message. */
  maxBodyBytes: number;
};

type Reply = MessageInitShape<typeof InvokeResponseSchema>;

const path = `/${Dapr.typeName}/${Dapr.method.invokeService.name}`;

/** The RPC `InvokeService`, for the implementation of the Dapr service: an answer's metadata travels beside its message. */
export function createInvokeService(options: InvokeServiceOptions): Implementation['handlers'] {
  let warned = false;
  const handler = async (request: InvokeServiceRequest, call: Call): Promise<Reply> => {
    if (!warned)
      options.log.warn(
        '[DEPRECATION NOTICE] InvokeService is deprecated and will be removed in the future, please use proxy mode instead.',
      );
    warned = true;
    const target = { id: request.id, method: request.message?.method ?? '' };
    const span = startInvokeSpan(options.tracing, target, call.metadata);
    const headers = { ...call.metadata, 'content-type': 'application/grpc', ...traceMetadata(span.context) };
    const ended = (status: number, failure?: string): void =>
      endInvokeSpan(span, target, call.metadata, () => grpcAttributes(path, status), failure);
    try {
      const reply = await replyTo(await invoke(options, request, headers, call.signal), call, options.maxBodyBytes);
      ended(grpcCode.OK);
      return reply;
    } catch (thrown) {
      ended(thrown instanceof StatusError ? thrown.code : faults[toFault(thrown).key].grpc, errorText(thrown));
      throw thrown;
    }
  };
  return { [Dapr.method.invokeService.localName]: handler as never };
}

async function invoke(
  options: InvokeServiceOptions,
  request: InvokeServiceRequest,
  headers: InvokeCall['headers'],
  signal: AbortSignal,
): Promise<InvokeAnswer> {
  const { message } = request;
  const data = message?.data;
  try {
    if (message === undefined) throw fault('bad-request', 'the request has no message');
    const call: InvokeCall = {
      method: normalizeMethod(message.method),
      verb: verbName(message.httpExtension?.verb),
      query: message.httpExtension?.querystring ?? '',
      contentType: message.contentType,
      typeUrl: data?.typeUrl ?? '',
      headers,
      from: 'grpc',
      body: data === undefined ? noBody : Buffer.from(data.value.buffer, data.value.byteOffset, data.value.byteLength),
    };
    const policy = options.router.policyOf(request.id, call.method);
    return await callGuarded(policy, options.run, false, signal, (attempt) =>
      options.router.invoke(request.id, call, attempt),
    );
  } catch (thrown) {
    if (thrown instanceof Fault && (thrown.key === 'deadline-exceeded' || thrown.key.startsWith('circuit-')))
      throw thrown;
    throw fault('invoke-failed', `failed to invoke, id: ${request.id}, err: ${errorText(thrown)}`, { cause: thrown });
  }
}

async function replyTo(answer: InvokeAnswer, call: Call, maxBodyBytes: number): Promise<Reply> {
  const http = isHttpAnswer(answer);
  Object.assign(call.responseHeaders, toGrpcMetadata(answer.headers, true));
  const value = await collect(answer.body, maxBodyBytes);
  if (http) {
    call.responseHeaders['dapr-http-status'] = String(answer.status);
    const status = statusOfHttp(answer.status, value.toString());
    if (status) throw afterHeaders(call, status);
  } else {
    Object.assign(call.responseTrailers, toGrpcMetadata(answer.trailers, false));
    if (answer.status !== 0)
      throw afterHeaders(call, new StatusError(answer.status as StatusError['code'], answer.message, answer.details));
  }
  return { contentType: answer.contentType, data: { typeUrl: answer.typeUrl, value } };
}

/** A failure of the app's. Its headers go out as such: in one block with the status, callers would take them for trailers. */
function afterHeaders(call: Call, status: StatusError): StatusError {
  call.sendHeaders();
  return status;
}
