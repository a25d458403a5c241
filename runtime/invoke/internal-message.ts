import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { Metadata } from '#kit/grpc/transport.ts';
import { APIVersion } from '#proto/dapr/proto/internals/v1/apiversion_pb.js';
import {
  type InternalInvokeRequest,
  InternalInvokeRequestSchema,
  type InternalInvokeResponse,
  type InternalInvokeResponseSchema,
  type ListStringValue,
} from '#proto/dapr/proto/internals/v1/service_invocation_pb.js';
import { verbName, verbOf } from '../channel/grpc.ts';
import { withoutHop } from './headers.ts';
import {
  announcedBytes,
  type Body,
  type InvokeAnswer,
  type InvokeCall,
  isHttpAnswer,
  isStream,
  noBody,
} from './message.ts';

type Listed = Record<string, { values: string[] }>;

/** `x-forwarded-for` → `X-Forwarded-For`: a Dapr peer tells HTTP's headers from gRPC's by their capitals. */
function canonical(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
}

const plain = (name: string) => name;

function listed(headers: Metadata, name: (name: string) => string): Listed {
  const out: Listed = {};
  for (const key in headers) out[name(key)] = { values: ([headers[key]!].flat() as string[]).map(asText) };
  return out;
}

const beyondAscii = /[^\0-\x7f]/;

/** Headers here hold a byte in each character; messages between sidecars hold text, and what is none becomes U+FFFD. */
const asText = (value: string): string => (beyondAscii.test(value) ? Buffer.from(value, 'latin1').toString() : value);
const asBytes = (text: string): string => (beyondAscii.test(text) ? Buffer.from(text).toString('latin1') : text);

function unlisted(headers: Readonly<Record<string, ListStringValue>>): Metadata {
  const out: Record<string, string | readonly string[]> = {};
  for (const key in headers) {
    const values = headers[key]!.values.map(asBytes);
    if (values.length > 0) out[key.toLowerCase()] = values.length === 1 ? values[0]! : values;
  }
  return out;
}

/** The length that the sender of a head announced for its body. */
export function announcedLength(headers: Readonly<Record<string, ListStringValue>>): string | undefined {
  return (headers['content-length'] ?? headers['Content-Length'])?.values[0];
}

/** The head of a call between sidecars: all but the body. */
export function requestHead(call: InvokeCall): InternalInvokeRequest {
  return create(InternalInvokeRequestSchema, {
    ver: APIVersion.V1,
    metadata: listed(call.headers, call.from === 'http' ? canonical : plain),
    message: {
      method: call.method,
      contentType: call.contentType,
      data: { typeUrl: call.typeUrl, value: noBody },
      ...(call.verb === '' && call.query === ''
        ? {}
        : { httpExtension: { verb: verbOf(call.verb), querystring: call.query } }),
    },
  });
}

/** The call that a head and body stand for. */
export function callFrom(head: InternalInvokeRequest, body: Body): InvokeCall {
  const { method = '', contentType = '', data, httpExtension } = head.message ?? {};
  const grpc = head.metadata['content-type']?.values[0]?.startsWith('application/grpc') === true;
  return {
    method,
    verb: verbName(httpExtension?.verb),
    query: httpExtension?.querystring ?? '',
    contentType,
    typeUrl: data?.typeUrl ?? '',
    headers: unlisted(head.metadata),
    from: grpc ? 'grpc' : 'http',
    body,
    bodyBytes: isStream(body) ? announcedBytes(announcedLength(head.metadata)) : undefined,
  };
}

/** An answer between sidecars: its head alone, or with a body in hand. */
export function responseHead(
  answer: InvokeAnswer,
  value: Buffer = noBody,
): MessageInitShape<typeof InternalInvokeResponseSchema> {
  const length = isStream(answer.body) ? {} : { 'content-length': { values: [String(answer.body.length)] } };
  // Dapr's sidecars hand them to gRPC callers as they are, whose HTTP/2 refuses the answer for those of a hop.
  const headers = isHttpAnswer(answer) ? withoutHop(answer.headers) : answer.headers;
  const details = answer.details.map(({ typeUrl, value }) => ({ typeUrl, value }));
  return {
    status: { code: answer.status, message: answer.message, details },
    headers: { ...listed(headers, plain), ...length },
    trailers: listed(answer.trailers, plain),
    message: { contentType: answer.contentType, data: { typeUrl: answer.typeUrl, value } },
  };
}

/** The answer that a head and body stand for. */
export function answerFrom(head: InternalInvokeResponse, body: Body): InvokeAnswer {
  const { code = 0, message = '', details = [] } = head.status ?? {};
  return {
    status: code,
    message,
    details: details as InvokeAnswer['details'],
    contentType: head.message?.contentType ?? '',
    typeUrl: head.message?.data?.typeUrl ?? '',
    headers: unlisted(head.headers),
    trailers: unlisted(head.trailers),
    body,
  };
}
