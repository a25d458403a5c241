import type { MessageInitShape } from '@bufbuild/protobuf';
import { anyCase } from '#kit/values/any-case.ts';
import { type Fields, isFields } from '#kit/values/fields.ts';
import type { StateItemSchema } from '#proto/dapr/proto/common/v1/common_pb.js';
import { jsonField, jsonNull } from '../json-spans.ts';
import { malformed, metadataOf } from '../rest.ts';
import { wireConcurrency, wireConsistency } from './options.ts';

const itemFields = anyCase('key', 'value', 'etag', 'metadata', 'options');
const optionFields = anyCase('concurrency', 'consistency');

/**
 * A REST item `{key, value, etag, metadata, options{concurrency, consistency}}` as a message. Its value stays the JSON
 * text it came as; a missing one is `null`. `extra` metadata, from the query, wins.
 */
export function stateItem(
  raw: Buffer,
  given: unknown,
  extra: Readonly<Record<string, string>>,
): MessageInitShape<typeof StateItemSchema> {
  if (!isFields(given)) throw malformed('a state item must be an object');
  const fields = itemFields(given);
  const key = textOf(fields, 'key') ?? '';
  const etag = textOf(fields, 'etag');
  const asked = fields['options'] ?? {};
  if (!isFields(asked)) throw malformed('"options" must be an object');
  const options = optionFields(asked);
  const item: MessageInitShape<typeof StateItemSchema> = {
    key,
    value: jsonField(raw, 'value') ?? jsonNull,
    metadata: { ...metadataOf(fields), ...extra },
    options: {
      concurrency: wireConcurrency(textOf(options, 'concurrency')),
      consistency: wireConsistency(textOf(options, 'consistency')),
    },
  };
  if (etag !== undefined) item.etag = { value: etag };
  return item;
}

function textOf(fields: Fields, name: string): string | undefined {
  const value = fields[name] ?? undefined;
  if (value !== undefined && typeof value !== 'string') throw malformed(`"${name}" must be a text`);
  return value;
}
