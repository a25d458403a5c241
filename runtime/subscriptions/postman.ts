import type { Event } from './route.ts';

/** A message on its way into the app. */
export type Letter = {
  pubsubName: string;
  /** As the app knows it, without a namespace. */
  topic: string;
  path: string;
  event: Event;
  /** What an HTTP app gets. */
  data: Buffer;
  metadata: Readonly<Record<string, string>>;
};

export type BulkLetter = {
  pubsubName: string;
  topic: string;
  path: string;
  /** Whether the app gets bytes rather than CloudEvents. */
  raw: boolean;
  metadata: Readonly<Record<string, string>>;
  entries: readonly (Pick<Letter, 'event' | 'data' | 'metadata'> & { entryId: string; contentType: string })[];
};

/** What the app made of a message. */
export type Verdict = 'ack' | 'drop';

/** Why a message has to come again: the app said so, failed, or was not reached. */
export class NotTaken extends Error {
  /** HTTP status or gRPC code, for the retries of resiliency policies; undefined where there was no answer. */
  readonly status: number | undefined;
  constructor(message: string, status?: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'NotTaken';
    this.status = status;
  }
}

/** Hands messages to an app. */
export type Postman = {
  /** Rejects with `NotTaken` for a message that has to come again. */
  deliver(letter: Letter, signal: AbortSignal): Promise<Verdict>;
  /** The verdict on each entry; those it leaves out have to come again. Rejects as `deliver`, for all of them. */
  deliverBulk(letter: BulkLetter, signal: AbortSignal): Promise<ReadonlyMap<string, Verdict | 'retry'>>;
};

/** Metadata that may travel as headers: names in lower case, nothing that no header can hold. */
export function headersOf(metadata: Readonly<Record<string, string>>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(metadata)) {
    const lower = name.toLowerCase();
    if (lower === 'content-type' || lower === 'content-length' || !/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(lower)) continue;
    if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) headers[lower] = value;
  }
  return headers;
}

const noTrace = '00-00000000000000000000000000000000-0000000000000000-00';

/** The trace a CloudEvent names, as headers, just as it stands there; one that names none in so many words has the W3C's zeros. */
export function traceHeaders(event: Event): Record<string, string> {
  const parent = event['traceparent'] ?? event['traceid'];
  if (parent === '') return { traceparent: noTrace };
  if (typeof parent !== 'string' || !/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(parent)) return {};
  const state = event['tracestate'];
  return { traceparent: parent, ...(typeof state === 'string' && state !== '' && { tracestate: state }) };
}
