import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { fault } from '#kit/errors/fault.ts';
import type { KubeConnection } from './connection.ts';

export type KubeRequest = {
  method: string;
  /** Path and query. */
  path: string;
  accept: string;
  contentType?: string;
  body?: string;
  signal: AbortSignal;
};

/** Sends one request and resolves with its response as soon as the headers are there. */
export type KubeTransport = ((request: KubeRequest) => Promise<IncomingMessage>) & Disposable;

const keepAlive = { keepAlive: true, keepAliveMsecs: 15_000, maxFreeSockets: 4 };

/** HTTP/1.1 on kept-alive connections. Rejects with `unavailable` naming the request and the reason. */
export function kubeTransport(connection: KubeConnection): KubeTransport {
  const { server, tls } = connection;
  const secure = server.protocol === 'https:';
  const agent = connection.agent ?? (secure ? new HttpsAgent({ ...keepAlive, ...tls }) : new HttpAgent(keepAlive));
  const base = server.pathname.replace(/\/+$/, '');

  const once = (asked: KubeRequest, authorization: string | undefined): Promise<IncomingMessage> => {
    const options: RequestOptions = {
      method: asked.method,
      host: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port || (secure ? 443 : 80),
      path: base + asked.path,
      agent,
      signal: asked.signal,
      headers: {
        accept: asked.accept,
        'user-agent': 'outrigger',
        ...(authorization === undefined ? {} : { authorization }),
        ...(asked.body === undefined
          ? {}
          : { 'content-type': asked.contentType, 'content-length': Buffer.byteLength(asked.body) }),
      },
    };
    return new Promise((resolve, reject) => {
      const sent = secure ? httpsRequest(options, resolve) : httpRequest(options, resolve);
      // A kept connection may have been closed by the server just now; what is safe to repeat is, on a new one.
      sent.on('error', (error: NodeJS.ErrnoException) => {
        if (sent.reusedSocket && error.code === 'ECONNRESET' && asked.method === 'GET' && !asked.signal.aborted)
          resolve(once(asked, authorization));
        else reject(failed(asked, server, error));
      });
      sent.end(asked.body);
    });
  };
  const send = async (asked: KubeRequest): Promise<IncomingMessage> => once(asked, await connection.authorization());
  return Object.assign(send, { [Symbol.dispose]: () => agent.destroy() });
}

function failed(asked: KubeRequest, server: URL, cause: NodeJS.ErrnoException): Error {
  if (asked.signal.aborted) {
    const late = (asked.signal.reason as Error | undefined)?.name === 'TimeoutError';
    return fault(
      late ? 'deadline-exceeded' : 'cancelled',
      `${asked.method} ${asked.path}: ${late ? 'no answer in time' : 'cancelled'}`,
      { cause },
    );
  }
  const reason = cause.code ?? cause.message;
  return fault(
    'unavailable',
    `${asked.method} ${asked.path}: cannot reach the API server at ${server.host}: ${reason}`,
    {
      cause,
    },
  );
}
