import type { MiddlewareResponse } from '#contracts/middleware.ts';
import { fault } from '#kit/errors/fault.ts';
import type { Metadata } from '#kit/grpc/transport.ts';
import type { HttpCall, HttpClient, HttpResponse } from '#kit/http/call.ts';
import { concurrencyGate } from '#kit/lifecycle/concurrency-gate.ts';
import { toHttpHeaders } from '../invoke/headers.ts';
import { type InvokeAnswer, type InvokeCall, isStream, noAnswer } from '../invoke/message.ts';
import type { Pipeline } from '../middleware/pipeline.ts';
import { throughPipeline } from './app-pipeline.ts';
import type { AppChannel, ProbeResult } from './channel.ts';

export type HttpChannelOptions = {
  client: HttpClient;
  /** Calls at once; 0 or less is no limit. */
  maxConcurrency: number;
  /** Sent to the app as `dapr-api-token`. */
  appToken?: string | undefined;
  /** Whether the app's health checks let calls through. */
  healthy?: (() => boolean) | undefined;
  /** Set on every request, such as the headers of an HTTPEndpoint. */
  headers?: Readonly<Record<string, string>>;
  /** Middleware that requests pass on their way to the app. */
  pipeline?: Pipeline | undefined;
};

/** The channel to an app (or HTTPEndpoint) that speaks HTTP. */
export function createHttpChannel(options: HttpChannelOptions): AppChannel {
  const gate = concurrencyGate(options.maxConcurrency);
  return {
    protocol: 'http',
    async invoke(call, signal) {
      if (options.healthy?.() === false) throw fault('app-channel', 'app is not in a healthy state');
      // A verb that access rules have not seen must not be made up here.
      if (call.verb === '') throw fault('bad-request', 'the call names no HTTP verb, and the app speaks HTTP');
      const leave = await gate.enter(signal);
      try {
        const path = `/${encodePath(call.method)}${call.query === '' ? '' : `?${call.query}`}`;
        const headers = headersFor(call, options);
        const request = { method: call.verb, path, headers, body: bodyOf(call), bodyBytes: call.bodyBytes, signal };
        const { client, pipeline } = options;
        if (pipeline) return answerOfPipeline(await throughPipeline(client, pipeline, request), leave);
        return await answerOf(await client.call(request), leave);
      } catch (thrown) {
        leave();
        throw thrown;
      }
    },
    probe: (path, timeoutMs) => probe(options.client, path, timeoutMs),
    [Symbol.asyncDispose]: () => options.client[Symbol.asyncDispose](),
  };
}

/**
 * Escapes what may not stand in a path; what the caller escaped twice stays escaped once. A percent sign that begins no
 * escape is refused, as Dapr refuses it.
 */
function encodePath(method: string): string {
  const path = method.startsWith('/') ? method.slice(1) : method;
  const broken = /%(?![0-9a-f]{2}).{0,2}/i.exec(path);
  if (broken) throw fault('invalid-method', `invalid method: invalid URL escape ${JSON.stringify(broken[0])}`);
  return /^[A-Za-z0-9\-._~:/@!$&'()*+,;=]*$/.test(path) ? path : path.split('/').map(encodeSegment).join('/');
}

function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(/%(?:3A|40|24|26|2B|2C|3B|3D)/g, decodeURIComponent);
}

function headersFor(call: InvokeCall, options: HttpChannelOptions): Record<string, string | string[]> {
  const headers = toHttpHeaders(call.headers);
  delete headers['dapr-api-token'];
  const contentType = call.typeUrl === '' ? call.contentType : 'application/x-protobuf';
  if (contentType !== '') headers['content-type'] = contentType;
  if (options.headers) Object.assign(headers, options.headers);
  if (options.appToken) headers['dapr-api-token'] = options.appToken;
  if (call.exact) Object.assign(headers, call.exact);
  return headers;
}

/** A request without a body says nothing of its length, save where its verb leads one to expect it. */
function bodyOf({ body, verb }: InvokeCall): HttpCall['body'] {
  return isStream(body) || body.length > 0 || verb === 'POST' || verb === 'PUT' || verb === 'PATCH' ? body : undefined;
}

/** Answers up to this size are taken whole when their length is known, so that they travel as one piece. */
const wholeUpTo = 65_536;

async function answerOf({ status, headers, body }: HttpResponse, leave: () => void): Promise<InvokeAnswer> {
  const contentType = headers['content-type'] ?? '';
  const length = Number(headers['content-length'] ?? Number.POSITIVE_INFINITY);
  // What cannot have a body ends with its head: a peer must not take a 101 for the first of two heads.
  const whole = length <= wholeUpTo || status < 200 || status === 204 || status === 304;
  const taken = whole ? await body.read(wholeUpTo) : untilRead(body, leave);
  if (whole) leave();
  return { ...noAnswer, status, headers: headers as Metadata, contentType: String(contentType), body: taken };
}

function answerOfPipeline({ status, headers, body }: MiddlewareResponse, leave: () => void): InvokeAnswer {
  const contentType = String([headers['content-type'] ?? ''].flat()[0]);
  const inHand = typeof body === 'string' || body instanceof Uint8Array;
  if (inHand) leave();
  return { ...noAnswer, status, headers, contentType, body: inHand ? Buffer.from(body) : untilRead(body, leave) };
}

/** The place at the gate is given back when the body has been read, or given up. */
async function* untilRead(body: AsyncIterable<Uint8Array>, leave: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } finally {
    leave();
  }
}

async function probe(client: HttpClient, path: string, timeoutMs: number): Promise<ProbeResult> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const { status, body } = await client.call({ method: 'GET', path: `/${path.replace(/^\/+/, '')}`, signal });
    await body.read(wholeUpTo);
    const healthy = status >= 200 && status < 300;
    return { healthy, reason: healthy ? '' : `Health check failed with status code: ${status}`, status };
  } catch (thrown) {
    return { healthy: false, reason: `Network error: ${(thrown as Error).message}`, status: 500 };
  }
}
