import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Binding, InvokeRequest } from '#contracts/binding.ts';
import { defineComponent } from '#contracts/component.ts';
import { bytes, choice, duration, secret, text, truth } from '#contracts/settings.ts';
import { isTruthy } from '#kit/values/truthy.ts';

const connectTimeoutMs = 15_000;
const methods = ['create', 'get', 'head', 'post', 'put', 'patch', 'delete', 'options', 'trace'];
const withBody = new Set(['PUT', 'POST', 'PATCH']);
const passedOn = ['traceparent', 'tracestate', 'baggage'];

const settings = z.object({
  url: text('Address that calls go to; metadata path is appended.'),
  MTLSRootCA: text('Trust anchors of the server, in PEM or as the path of a file.').optional(),
  MTLSClientCert: text('Certificate to show, in PEM or as the path of a file.').optional(),
  MTLSClientKey: secret('Key of the certificate, in PEM or as the path of a file.').optional(),
  MTLSRenegotiation: choice('Accepted for older manifests; TLS 1.2 and 1.3 connections never renegotiate.', [
    'RenegotiateNever',
    'RenegotiateOnceAsClient',
    'RenegotiateFreelyAsClient',
  ]).optional(),
  securityToken: secret('Sent in securityTokenHeader.').optional(),
  securityTokenHeader: text('Header for securityToken.').optional(),
  responseTimeout: duration('Longest wait for an answer; none waits for ever.').optional(),
  maxResponseBodySize: bytes('An answer is cut off after that.').default(100 * 1024 * 1024),
  errorIfNot2XX: truth('Whether an answer that is no 2xx is an error.').default(true),
});

export const component = defineComponent({
  type: 'bindings.http',
  versions: ['v1'],
  title: 'HTTP',
  description: 'Calls an HTTP endpoint. Metadata that begins with a capital letter becomes a header.',
  settings,
  open: (given) => openHttp(given),
});

export type HttpBindingSettings = z.output<typeof settings>;

/** The binding; connections are kept and shared by its calls. */
export async function openHttp(settings: HttpBindingSettings): Promise<Binding> {
  const { Agent, request: send } = await import('undici');
  const tls = {
    ...(settings.MTLSRootCA && { ca: await pemOf(settings.MTLSRootCA) }),
    ...(settings.MTLSClientCert && { cert: await pemOf(settings.MTLSClientCert) }),
    ...(settings.MTLSClientKey && { key: await pemOf(settings.MTLSClientKey) }),
  };
  const dispatcher = new Agent({ connect: { timeout: connectTimeoutMs, ...tls }, headersTimeout: 0, bodyTimeout: 0 });
  return {
    operations: methods,
    async invoke(request, signal) {
      if (!methods.includes(request.operation.toLowerCase()))
        throw new Error(`invalid operation: ${request.operation}`);
      const method = request.operation.toUpperCase() === 'CREATE' ? 'POST' : request.operation.toUpperCase();
      const limits = [
        signal,
        settings.responseTimeout === undefined ? undefined : AbortSignal.timeout(settings.responseTimeout),
      ];
      const answer = await send(urlOf(settings.url, request.metadata?.['path']), {
        method: method as 'GET',
        dispatcher,
        headers: headersOf(settings, request, withBody.has(method)),
        body: withBody.has(method) ? Buffer.from(request.data) : null,
        signal: AbortSignal.any(limits.filter((one) => one !== undefined)),
      });
      const data = await readUpTo(answer.body, settings.maxResponseBodySize);
      const strict = request.metadata?.['errorIfNot2XX'];
      const refused = strict ? isTruthy(strict) : settings.errorIfNot2XX;
      if (refused && Math.floor(answer.statusCode / 100) !== 2)
        throw new Error(`received status code ${answer.statusCode}`);
      return { data, metadata: answerMetadata(answer.statusCode, answer.statusText, answer.headers) };
    },
    async [Symbol.asyncDispose]() {
      await dispatcher.destroy();
    },
  };
}

const urlOf = (url: string, path: string | undefined): string =>
  path ? `${url.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}` : url;

function headersOf(
  settings: HttpBindingSettings,
  { metadata = {} }: InvokeRequest,
  hasBody: boolean,
): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/json; charset=utf-8' };
  if (hasBody) headers['content-type'] = 'application/json; charset=utf-8';
  const { securityToken, securityTokenHeader } = settings;
  if (securityToken && securityTokenHeader) headers[securityTokenHeader.toLowerCase()] = securityToken;
  for (const [name, value] of Object.entries(metadata)) if (/^[A-Z]/.test(name)) headers[name.toLowerCase()] = value;
  for (const name of passedOn) if (metadata[name]) headers[name] = metadata[name];
  return headers;
}

function answerMetadata(
  status: number,
  reason: string,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  const metadata: Record<string, string> = { statusCode: String(status), status: `${status} ${reason}`.trim() };
  for (const [name, value] of Object.entries(headers)) {
    const canonical = name.replace(/(^|-)([a-z])/g, (letter) => letter.toUpperCase());
    metadata[canonical] = [value ?? ''].flat().join(', ');
  }
  return metadata;
}

async function readUpTo(body: AsyncIterable<Buffer>, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let left = limit > 0 ? limit : Number.POSITIVE_INFINITY;
  for await (const chunk of body) {
    chunks.push(chunk.subarray(0, left));
    left -= chunk.length;
    if (left <= 0) break;
  }
  return Buffer.concat(chunks);
}

const pemOf = async (value: string): Promise<string> =>
  value.includes('-----BEGIN') ? value : await readFile(value, 'utf8');
