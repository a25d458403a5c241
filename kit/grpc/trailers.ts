import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type GrpcCode, grpcCode } from '#kit/errors/table.ts';
import { StatusSchema } from '#proto/google/rpc/status_pb.js';
import { StatusError } from './status.ts';
import type { Metadata } from './transport.ts';

/** Trailers of a call that went well. */
export const okTrailers = Object.freeze({ 'grpc-status': '0' });

/** Trailers that carry a status: code, percent-encoded message, google.rpc.Status when there are details. */
export function statusTrailers(status: StatusError): Record<string, string> {
  const trailers: Record<string, string> = { 'grpc-status': String(status.code) };
  if (status.message !== '') trailers['grpc-message'] = encodeMessage(status.message);
  if (status.details.length > 0) {
    const packed = create(StatusSchema, {
      code: status.code,
      message: status.message,
      details: status.details.map(({ typeUrl, value }) => ({ typeUrl, value })),
    });
    trailers['grpc-status-details-bin'] = encodeBinary(toBinary(StatusSchema, packed));
  }
  return trailers;
}

/**
 * What trailers say: undefined for OK, else the status. Without `grpc-status` the answer is not gRPC's: undefined too.
 * A number without a name stays as it is, since a proxy must hand on what the app said.
 */
export function trailersStatus(trailers: Metadata): StatusError | undefined {
  const text = trailers['grpc-status'];
  if (text === undefined || text === '0') return undefined;
  const code = Number(text);
  const message = decodeMessage(String(trailers['grpc-message'] ?? ''));
  const readable = Number.isInteger(code) && code > 0 && code < 2 ** 31;
  return new StatusError(readable ? (code as GrpcCode) : grpcCode.UNKNOWN, message, detailsOf(trailers));
}

function detailsOf(trailers: Metadata): { typeUrl: string; value: Uint8Array }[] {
  const packed = trailers['grpc-status-details-bin'];
  if (packed === undefined) return [];
  try {
    const { details } = fromBinary(StatusSchema, decodeBinary(String(packed)));
    return details.map(({ typeUrl, value }) => ({ typeUrl, value }));
  } catch {
    return [];
  }
}

/** The value of a `-bin` header: base64 without padding. */
function encodeBinary(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64').replace(/=+$/, '');
}

/** The bytes of a `-bin` header, padded or not. */
function decodeBinary(text: string): Buffer {
  return Buffer.from(text, 'base64');
}

/** Percent-encodes what `grpc-message` may not hold: all but printable ASCII, and `%`. */
export function encodeMessage(message: string): string {
  if (/^[\x20-\x24\x26-\x7e]*$/.test(message)) return message;
  let encoded = '';
  for (const byte of Buffer.from(message)) {
    encoded +=
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

/** Undoes encodeMessage; what is not validly encoded stays as it is. */
export function decodeMessage(text: string): string {
  if (!text.includes('%')) return text;
  const bytes = text.replace(/%([0-9a-fA-F]{2})|[^\0-\x7f]/g, (whole, hex: string | undefined) =>
    hex === undefined ? Buffer.from(whole).toString('latin1') : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
