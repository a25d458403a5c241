import { headerFilter, type KafkaSettings } from './connection.ts';
import type { KafkaRecord } from './partition.ts';

/** The metadata of a message: its headers, and `__key`, `__topic`, `__partition`, `__offset`, `__timestamp`. */
export type RecordMetadata = (record: KafkaRecord) => Record<string, string>;

/** What of headers is passed, and how, follows the settings. */
export function recordMetadata(given: KafkaSettings): RecordMetadata {
  const goesAlong = headerFilter(given);
  const text = (bytes: Buffer): string =>
    given.escapeHeaders ? encodeURIComponent(bytes.toString()).replaceAll('%20', '+') : bytes.toString();
  return ({ topic, partition, offset, timestamp, key, headers }) => {
    const metadata: Record<string, string> = {
      __topic: topic,
      __partition: String(partition),
      __offset: String(offset),
      __timestamp: String(timestamp),
    };
    if (key !== null) metadata['__key'] = text(key);
    for (const [name, value] of headers) {
      if (name !== null && goesAlong(name.toString())) metadata[name.toString()] = value === null ? '' : text(value);
    }
    return metadata;
  };
}
