import { toFault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import { unseen } from '#kit/errors/unseen.ts';
import { StatusError } from '#kit/grpc/status.ts';
import type { ClientTls } from '#kit/grpc/tls.ts';
import { trailersStatus } from '#kit/grpc/trailers.ts';
import type { Metadata } from '#kit/grpc/transport.ts';
import { leavingHeader } from '#kit/http/accepted.ts';
import type { HttpResponse } from '#kit/http/call.ts';
import { connectHttp1, type Http1Client } from '#kit/http/http1-client.ts';
import { form, formHeader, fromGrpcHeader, methodPath, statusHeader, typeUrlHeader, wholeUpTo } from './direct.ts';
import { endToEnd } from './headers.ts';
import { type Invoke, type InvokeAnswer, type InvokeCall, isStream, noAnswer } from './message.ts';

export type DirectOptions = {
  /** `host:port` of the sidecar. */
  address: string;
  tls: ClientTls | undefined;
  now(): number;
};

/** Calls of another sidecar in the form of `direct.ts`, where it serves it. */
export type Direct = AsyncDisposable & {
  /** Whether a call may go this way now. Has the sidecar asked whether it serves the form, once in a while. */
  takes(call: InvokeCall): boolean;
  /** Rejects with a `StatusError`; with `stopping` where the sidecar was leaving and has not served the call. */
  invoke: Invoke;
};

/** The sidecar stops and has not looked at the call: another way may be tried, whatever the call does. */
export const stopping: StatusError = unseen(new StatusError(grpcCode.UNAVAILABLE, 'the sidecar is stopping'));

/** Further calls at once to one sidecar go by HTTP/2, where a call needs no connection of its own. */
const maxConnections = 64;
const idleMs = 5 * 60_000;
const askAgainMs = 30_000;

export function connectDirect({ address, tls, now }: DirectOptions): Direct {
  const client = connectHttp1({
    origin: new URL(`${tls === undefined ? 'http' : 'https'}://${address}`),
    ...security(tls),
    ...{ timeoutMs: 10_000, maxConnections, idleMs, acceptShort: false },
  });
  let served = false;
  let asking = false;
  let askAt = 0;
  const ask = async (): Promise<void> => {
    asking = true;
    served = await servesForm(client).catch(() => false);
    asking = false;
    askAt = now() + askAgainMs;
  };
  return {
    takes({ verb }) {
      if (served) return verb !== '' && !client.full();
      if (!asking && now() >= askAt) void ask();
      return false;
    },
    async invoke(call, signal) {
      const response = await client.call(requestOf(call, signal)).catch((thrown) => {
        const problem = toFault(thrown);
        if (problem.key === 'unavailable') served = false;
        throw new StatusError(codes[problem.key] ?? grpcCode.INTERNAL, problem.message, [], thrown);
      });
      if (response.headers[leavingHeader] !== undefined) throw stopping;
      return answerOf(response);
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

const codes: Readonly<Record<string, StatusError['code']>> = {
  unavailable: grpcCode.UNAVAILABLE,
  cancelled: grpcCode.CANCELLED,
};

function security(tls: ClientTls | undefined): Pick<Parameters<typeof connectHttp1>[0], 'tls' | 'check'> {
  if (tls === undefined) return { tls: () => ({}) };
  return {
    tls: () => ({
      ...tls.material(),
      ALPNProtocols: ['http/1.1'],
      minVersion: 'TLSv1.2',
      checkServerIdentity: () => undefined,
    }),
    check(socket) {
      if (socket.alpnProtocol !== 'http/1.1') throw new Error('the sidecar speaks gRPC only');
      const certificate = socket.getPeerX509Certificate();
      if (certificate === undefined) throw new Error('the sidecar sent no certificate');
      tls.verify?.(certificate);
    },
  };
}

async function servesForm(client: Http1Client): Promise<boolean> {
  const { status, headers, body } = await client.call({ method: 'GET', path: '/', headers: { [formHeader]: form } });
  await body.read(wholeUpTo);
  return status === 204 && headers[formHeader] === form;
}

function requestOf(call: InvokeCall, signal: AbortSignal | undefined) {
  const headers = endToEnd(call.headers);
  if (call.contentType !== '') headers['content-type'] = call.contentType;
  if (call.from === 'grpc') headers[fromGrpcHeader] = 'true';
  if (call.typeUrl !== '') headers[typeUrlHeader] = call.typeUrl;
  const path = `/${methodPath(call.method)}${call.query === '' ? '' : `?${call.query}`}`;
  const body = isStream(call.body) || call.body.length > 0 ? call.body : undefined;
  return { method: call.verb, path, headers, body, signal };
}

async function answerOf({ status, headers, body }: HttpResponse): Promise<InvokeAnswer> {
  const length = Number(headers['content-length'] ?? Number.POSITIVE_INFINITY);
  const taken = length <= wholeUpTo ? await body.read(wholeUpTo) : body;
  if (headers[statusHeader] !== undefined) throw trailersStatus(headers as Metadata) ?? broken;
  return {
    ...noAnswer,
    status,
    headers: headers as Metadata,
    contentType: String(headers['content-type'] ?? ''),
    body: taken,
  };
}

const broken = new StatusError(grpcCode.INTERNAL, 'the sidecar answered a status that cannot be read');
