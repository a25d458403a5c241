import { create, type DescField, type DescMessage, type DescService, ScalarType, toBinary } from '@bufbuild/protobuf';
import { file_google_protobuf_struct, isWrapperDesc, StructSchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { describe, expect, it } from '#kit/testing/test.ts';
import { AppCallback } from '#proto/dapr/proto/runtime/v1/appcallback_pb.js';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { GetStateResponseSchema, SaveStateRequestSchema } from '#proto/dapr/proto/runtime/v1/state_pb.js';
import { frameEncoder } from './encoder.ts';
import { prefixLength } from './frame.ts';

const schemasOf = (service: DescService): DescMessage[] =>
  service.methods.flatMap(({ input, output }) => [input, output]);
const schemas = [...new Set([...schemasOf(Dapr), ...schemasOf(AppCallback)])];

/** Any message of a type as its initial fields, some of them left out. */
function anyMessage(schema: DescMessage, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const alone = schema.fields.filter(({ oneof }) => oneof === undefined);
  const plain = Object.fromEntries(alone.map((field) => [field.localName, anyField(field, depth)]));
  const oneofs = schema.oneofs.map((oneof) => [
    oneof.localName,
    fc.oneof(
      fc.constant({ case: undefined }),
      ...oneof.fields.map((field) => fc.record({ case: fc.constant(field.localName), value: anyField(field, depth) })),
    ),
  ]);
  return fc.record({ ...plain, ...Object.fromEntries(oneofs) }, { requiredKeys: [] });
}

function anyField(field: DescField, depth: number): fc.Arbitrary<unknown> {
  const child = (schema: DescMessage) => {
    if (schema.typeName === StructSchema.typeName) return fc.dictionary(fc.string(), fc.integer(), { maxKeys: 2 });
    if (isWrapperDesc(schema)) return anyScalar(schema.fields[0]!.scalar!);
    if (schema.file.name === file_google_protobuf_struct.name) return fc.constant({});
    return depth === 0 ? fc.constant({}) : anyMessage(schema, depth - 1);
  };
  switch (field.fieldKind) {
    case 'message':
      return child(field.message);
    case 'enum':
      return fc.constantFrom(...field.enum.values.map(({ number }) => number));
    case 'scalar':
      return anyScalar(field.scalar);
    case 'list':
      if (field.listKind === 'message') return fc.array(child(field.message), { maxLength: 3 });
      return fc.array(field.listKind === 'scalar' ? anyScalar(field.scalar) : fc.constant(0), { maxLength: 3 });
    case 'map': {
      if (field.mapKey !== ScalarType.STRING) return fc.constant({});
      const value = field.mapKind === 'message' ? child(field.message) : field.scalar && anyScalar(field.scalar);
      return fc.dictionary(fc.string(), value ?? fc.constant(0), { maxKeys: 3 });
    }
  }
}

function anyScalar(type: ScalarType): fc.Arbitrary<unknown> {
  switch (type) {
    case ScalarType.STRING:
      return fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ minLength: 100, maxLength: 300 }));
    case ScalarType.BYTES:
      return fc.uint8Array({ maxLength: 300 });
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.DOUBLE:
      return fc.double();
    case ScalarType.FLOAT:
      return fc.float();
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return fc.integer();
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return fc.nat();
    default:
      return fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
  }
}

const byProtobuf = (schema: DescMessage, init: Record<string, unknown>) =>
  Buffer.from(toBinary(schema, create(schema, init)));

describe('an encoder of frames', () => {
  it("writes protobuf-es' bytes behind the prefix, for every message of the API", () => {
    for (const schema of schemas) {
      const encode = frameEncoder(schema);
      fc.assert(
        fc.property(anyMessage(schema, 2), (init) => {
          const frame = encode(init);
          expect(frame.subarray(prefixLength).equals(byProtobuf(schema, init))).toBe(true);
          expect([frame[0], frame.readUInt32BE(1)]).toEqual([0, frame.length - prefixLength]);
        }),
        { numRuns: 20 },
      );
    }
  });

  it('writes messages of any size, one after the other', () => {
    const encode = frameEncoder(GetStateResponseSchema);
    for (const size of [0, 1, 127, 128, 1_000, 20_000, 70_000, 3_000_000, 5]) {
      const init: Record<string, unknown> = {
        data: Buffer.alloc(size, 7),
        etag: 'é'.repeat(size % 5_000),
        metadata: { a: 'b' },
      };
      expect(encode(init).subarray(prefixLength).equals(byProtobuf(GetStateResponseSchema, init))).toBe(true);
    }
  });

  it('keeps the fields that this version does not know', () => {
    const message = create(GetStateResponseSchema, { etag: '1' });
    message.$unknown = [{ no: 99, wireType: 0, data: Uint8Array.of(5) }];
    const bytes = Buffer.from(toBinary(GetStateResponseSchema, message));
    expect(frameEncoder(GetStateResponseSchema)(message).subarray(prefixLength).equals(bytes)).toBe(true);
  });

  it('is unharmed by a message that cannot be written', () => {
    const encode = frameEncoder(SaveStateRequestSchema);
    const states = [{ key: 'k', value: 'text' as never }];
    expect(() => encode({ storeName: 'store', states })).toThrow('holds no bytes');
    expect(encode({ storeName: 's' }).toString('latin1')).toBe('\0\0\0\0\x03\n\x01s');
  });
});
