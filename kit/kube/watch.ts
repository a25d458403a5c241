import { fault } from '#kit/errors/fault.ts';
import { jsonSplitter } from './json-splitter.ts';
import type { KubeObject } from './object.ts';
import { type Status, statusFault } from './status.ts';

/** A change, or a bookmark: an object that carries only the version reached. */
export type WatchEvent = { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; object: KubeObject };

const types = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK']);

/**
 * Reads a watch response until the server ends it. `heard` is called for every piece of it that arrives.
 * Throws `gone` when the version to watch from is no longer kept, and the fault of any other error event.
 */
export async function* watchEvents(
  body: AsyncIterable<Buffer>,
  call: string,
  heard: () => void = () => {},
): AsyncGenerator<WatchEvent, void, void> {
  const splitter = jsonSplitter();
  for await (const chunk of body) {
    heard();
    for (const text of splitter.push(chunk)) {
      const event = readEvent(text, call);
      if (event) yield event;
    }
  }
  if (splitter.pending()) throw fault('unavailable', `${call}: the stream ended inside an event`);
}

function readEvent(text: Buffer, call: string): WatchEvent | undefined {
  const event = parseEvent(text, call);
  if (event.type === 'ERROR') {
    const status = (event.object ?? {}) as Status;
    throw statusFault(call, status.code ?? 500, JSON.stringify({ ...status, kind: 'Status' }));
  }
  const object = event.object as KubeObject | null | undefined;
  if (!types.has(event.type ?? '') || !object?.metadata) return undefined;
  return { type: event.type as WatchEvent['type'], object };
}

function parseEvent(text: Buffer, call: string): { type?: string; object?: unknown } {
  try {
    return JSON.parse(text.toString('utf8')) as { type?: string; object?: unknown };
  } catch (cause) {
    throw fault('unavailable', `${call}: an event is not JSON`, { cause });
  }
}
