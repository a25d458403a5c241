import { randomUUID } from 'node:crypto';
import { anyCase } from '#kit/values/any-case.ts';
import { cloudEventType } from '../blocks/pubsub/content-type.ts';
import type { AppChannel } from '../channel/channel.ts';
import { collect, type InvokeAnswer, type InvokeCall } from '../invoke/message.ts';
import { type BulkLetter, headersOf, NotTaken, type Postman, traceHeaders, type Verdict } from './postman.ts';

type Headers = Record<string, string>;

/** Posts messages to the paths of an HTTP app. `app` is undefined while it cannot be reached. */
export function httpPostman(app: () => AppChannel | undefined): Postman {
  const post = async (
    path: string,
    contentType: string,
    headers: Headers,
    body: Buffer,
    signal: AbortSignal,
    exact: Headers = {},
  ) => {
    const channel = app();
    if (channel === undefined) throw new NotTaken('there is no app to deliver to');
    const method = path.replace(/^\/+/, '');
    const call: InvokeCall = {
      method,
      verb: 'POST',
      query: '',
      contentType,
      typeUrl: '',
      headers,
      from: 'http',
      body,
      exact,
    };
    try {
      return await channel.invoke(call, signal);
    } catch (thrown) {
      throw new NotTaken(
        `error returned from app channel while sending pub/sub event to app: ${(thrown as Error).message}`,
        undefined,
        thrown,
      );
    }
  };
  return {
    async deliver({ path, data, metadata, event }, signal) {
      const answer = await post(path, cloudEventType, headersOf(metadata), data, signal, traceHeaders(event));
      const body = (await collect(answer.body)).toString();
      if (answer.status === 404) return 'drop';
      if (!isSuccess(answer))
        throw new NotTaken(`the app answered ${answer.status} to event ${event['id']}: ${body}`, answer.status);
      return verdictOf(body, event['id']);
    },
    async deliverBulk(letter, signal) {
      const headers = headersOf(letter.metadata);
      const trace = bulkTrace(letter);
      const answer = await post(letter.path, 'application/json', headers, bulkBody(letter), signal, trace);
      const body = (await collect(answer.body)).toString();
      if (answer.status === 404) return new Map(letter.entries.map(({ entryId }) => [entryId, 'drop'] as const));
      if (!isSuccess(answer))
        throw new NotTaken(`the app answered ${answer.status} to a bulk of events`, answer.status);
      return bulkVerdicts(body);
    },
  };
}

const isSuccess = ({ status }: InvokeAnswer) => status >= 200 && status < 300;

const answer = anyCase('status', 'statuses');
const entryAnswer = anyCase('entryId', 'status');

/** An answer without a status, or that is no JSON, takes the message. */
function verdictOf(body: string, id: unknown): Verdict {
  const status = statusIn(body);
  if (status === undefined || status === '' || status === 'SUCCESS') return 'ack';
  if (status === 'DROP') return 'drop';
  throw new NotTaken(`the app answered status ${String(status)} to event ${String(id)}`);
}

function statusIn(body: string): unknown {
  if (body === '') return undefined;
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? answer(parsed as { status?: unknown }).status : undefined;
  } catch {
    return undefined;
  }
}

function bulkVerdicts(body: string): Map<string, Verdict | 'retry'> {
  let statuses: unknown;
  try {
    statuses = answer(JSON.parse(body) as { statuses?: unknown }).statuses;
  } catch (cause) {
    throw new NotTaken('failed unmarshalling app response for bulk subscribe', undefined, cause);
  }
  const verdicts = new Map<string, Verdict | 'retry'>();
  for (const one of Array.isArray(statuses) ? (statuses as unknown[]) : []) {
    if (typeof one !== 'object' || one === null) continue;
    const { entryId, status } = entryAnswer(one as { entryId?: unknown; status?: unknown });
    verdicts.set(String(entryId), status === 'SUCCESS' ? 'ack' : status === 'DROP' ? 'drop' : 'retry');
  }
  return verdicts;
}

/** As in Dapr, the trace of the last event stands for all; raw payloads name none. */
const bulkTrace = ({ raw, entries }: BulkLetter): Record<string, string> =>
  raw ? {} : traceHeaders(entries.at(-1)?.event ?? {});

/** CloudEvents go in byte for byte, raw payloads in base64. */
function bulkBody({ pubsubName, topic, metadata, raw, entries }: BulkLetter): Buffer {
  const items = entries.map(({ entryId, data, contentType, metadata: own }) => {
    const event = raw ? JSON.stringify(data.toString('base64')) : data.toString();
    const rest = JSON.stringify({ entryId, contentType, metadata: own });
    return `{"event":${event},${rest.slice(1)}`;
  });
  const head = { id: randomUUID(), metadata, pubsubname: pubsubName, topic, type: 'com.dapr.event.sent.bulk' };
  return Buffer.from(`{"entries":[${items.join(',')}],${JSON.stringify(head).slice(1)}`);
}
