import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import type { GrpcCode } from '#kit/errors/table.ts';

export type StatusDetail = Pick<Any, 'typeUrl' | 'value'>;

/** How a gRPC call ended, other than well. What a client sees, and what a handler may throw to choose the very status. */
export class StatusError extends Error {
  readonly code: GrpcCode;
  readonly details: readonly StatusDetail[];

  constructor(code: GrpcCode, message: string, details: readonly StatusDetail[] = [], cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StatusError';
    this.code = code;
    this.details = details;
  }
}

/** Packs a message (usually of google/rpc/error_details.proto) as a status detail. */
export function packDetail<S extends DescMessage>(schema: S, init: MessageInitShape<S>): StatusDetail {
  return { typeUrl: `type.googleapis.com/${schema.typeName}`, value: toBinary(schema, create(schema, init)) };
}

/** The details of that type; those that cannot be decoded are left out. */
export function unpackDetails<S extends DescMessage>(status: StatusError, schema: S): MessageShape<S>[] {
  return status.details
    .filter((detail) => detail.typeUrl.endsWith(`/${schema.typeName}`))
    .flatMap((detail) => {
      try {
        return [fromBinary(schema, detail.value)];
      } catch {
        return [];
      }
    });
}
