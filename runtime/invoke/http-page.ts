import { create, toJsonString } from '@bufbuild/protobuf';
import { Fault, fault, toFault } from '#kit/errors/fault.ts';
import { faults, grpcCode } from '#kit/errors/table.ts';
import { StatusError } from '#kit/grpc/status.ts';
import type { Metadata } from '#kit/grpc/transport.ts';
import { formatTraceparent } from '#kit/telemetry/tracing/trace-context.ts';
import type { Tracing } from '#kit/telemetry/tracing/tracing.ts';
import { StatusSchema } from '#proto/dapr/proto/internals/v1/status_pb.js';
import type { RestReply, RouteMethod } from '../blocks/rest.ts';
import type { Page, PageRequest } from '../doors/http/page.ts';
import { httpAttributes, httpFailure } from '../doors/tracing.ts';
import type { Runner } from '../policy/resiliency/run.ts';
import { endInvokeSpan, startInvokeSpan } from './call-span.ts';
import { callGuarded } from './guarded.ts';
import { toHttpHeaders, traceHeaders } from './headers.ts';
import { type Body, type InvokeAnswer, type InvokeCall, isHttpAnswer, isStream, noBody } from './message.ts';
import { normalizeMethod } from './method-name.ts';
import type { InvokeRouter } from './router.ts';
import { errorText, httpStatusOf } from './status.ts';
import { findTarget, type InvokeTarget } from './target.ts';

export type InvokePageOptions = {
  router: InvokeRouter;
  run: Runner;
  tracing: Tracing;
  /** Largest body of a request, in bytes. */
  maxBodyBytes: number;
};

const anyMethod: readonly RouteMethod[] = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'];

/** Invocation over HTTP: by path, and as the door's fallback by header. A byte pipe: bodies are passed as they come. */
export function createInvokePage(options: InvokePageOptions): Page {
  return {
    name: 'InvokeService',
    methods: anyMethod,
    path: '/v1.0/invoke/{target*}',
    api: 'invoke.v1',
    streams: true,
    tracesItself: true,
    answer: (http) => invoke(options, http),
  };
}

async function invoke(options: InvokePageOptions, http: PageRequest): Promise<RestReply> {
  const mark = http.url.indexOf('?');
  const target = findTarget(decodePath(mark < 0 ? http.url : http.url.slice(0, mark)), http.headers);
  if (target === undefined)
    throw fault('invoke-no-app-id', 'failed getting app id either from the URL path or the header dapr-app-id');
  if (asksForWebSocket(http.headers))
    throw refused(target.id, new Error('WebSocket connections are not passed on: connect to the app itself'));
  const query = mark < 0 ? '' : http.url.slice(mark + 1);
  const headers = callerHeaders(http.headers);
  const span = startInvokeSpan(options.tracing, target, headers);
  Object.assign(headers, traceHeaders(span.context));
  const ended = (status: number, failure: string | undefined): void =>
    endInvokeSpan(span, target, headers, () => httpAttributes(http, status), failure);
  try {
    const reply = replyOf(await call(options, http, target, query, headers));
    const traceparent = reply.headers?.['traceparent'] ?? formatTraceparent(span.context);
    reply.headers = { ...reply.headers, traceparent };
    ended(reply.status, httpFailure(reply.status));
    return reply;
  } catch (thrown) {
    const refusal = refused(target.id, thrown);
    ended(faults[refusal.key].http, errorText(thrown));
    throw refusal;
  }
}

async function call(
  options: InvokePageOptions,
  http: PageRequest,
  target: InvokeTarget,
  query: string,
  headers: Metadata,
): Promise<InvokeAnswer> {
  const method = normalizeMethod(target.method);
  const body = http.hasBody ? await bodyOf(http, options.maxBodyBytes) : noBody;
  const outgoing: InvokeCall = {
    method,
    verb: http.method,
    query,
    contentType: String(http.headers['content-type'] ?? ''),
    typeUrl: '',
    headers,
    from: 'http',
    body,
  };
  const policy = options.router.policyOf(target.id, method);
  return await callGuarded(policy, options.run, isStream(body), http.signal, (signal) =>
    options.router.invoke(target.id, outgoing, signal),
  );
}

/** A body of known length is taken whole, so that the call can be tried again; one of unknown length is passed as it comes. */
function bodyOf(http: PageRequest, maxBytes: number): Body | Promise<Body> {
  return http.headers['content-length'] === undefined ? limited(http.stream, maxBytes) : http.read();
}

async function* limited(stream: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let seen = 0;
  for await (const chunk of stream) {
    seen += chunk.length;
    if (seen > maxBytes) throw fault('too-large', `the body has more than ${maxBytes} bytes (--max-body-size)`);
    yield chunk;
  }
}

function callerHeaders(headers: PageRequest['headers']): Record<string, string | string[]> {
  const own: Record<string, string | string[]> = {};
  for (const name in headers)
    if (name !== 'dapr-app-id' && headers[name] !== undefined) own[name] = headers[name] as string | string[];
  return own;
}

function replyOf(answer: InvokeAnswer): RestReply {
  const headers = toHttpHeaders(answer.headers) as Record<string, string | string[]>;
  if (isHttpAnswer(answer) || answer.status === grpcCode.OK) {
    headers['content-type'] = answer.contentType;
    return { status: isHttpAnswer(answer) ? answer.status : 200, headers, body: answer.body };
  }
  const { status: code, message, details } = answer;
  const body = toJsonString(
    StatusSchema,
    create(StatusSchema, { code, message, details: details.map(({ typeUrl, value }) => ({ typeUrl, value })) }),
  );
  return { status: httpStatusOf(code), headers, body };
}

/** A handshake as RFC 6455 (4.1) has it; any other upgrade is the hop's and not passed on. */
function asksForWebSocket({ upgrade, connection }: PageRequest['headers']): boolean {
  return upgrade !== undefined && /^websocket$/i.test(String(upgrade)) && /\bupgrade\b/i.test(String(connection));
}

/** What the caller is told when there is no answer. */
function refused(id: string, thrown: unknown): Fault {
  if (thrown instanceof Fault && thrown.key === 'invoke-no-app-id') return thrown;
  const denied = thrown instanceof StatusError && thrown.code === grpcCode.PERMISSION_DENIED;
  const text = thrown instanceof StatusError ? errorText(thrown) : toFault(thrown).message;
  return fault(denied ? 'invoke-denied' : 'invoke-failed', `failed to invoke, id: ${id}, err: ${text}`, {
    cause: thrown,
  });
}

/** Percent-decodes a path. Throws `bad-request` for one with a broken escape. */
function decodePath(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    throw fault('bad-request', `the path ${JSON.stringify(path)} has a broken percent escape`);
  }
}
