import { toFault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import type { Peer } from '#kit/grpc/peer.ts';
import { StatusError } from '#kit/grpc/status.ts';
import type { Around } from './for-peers.ts';
import { discard, firstOf, type Invoke, type InvokeAnswer, type InvokeCall, isHttpAnswer } from './message.ts';
import { normalizeMethod } from './method-name.ts';
import { errorText } from './status.ts';

export type ServeOptions = {
  /** Calls the own app; undefined while there is no channel to it. */
  app(): Invoke | undefined;
  /** Throws to refuse the call of that peer; its method is the form that is forwarded. */
  authorize?(call: InvokeCall, peer: Peer): void;
  /** What surrounds each call, the refused ones too. */
  around?: Around | undefined;
};

/** Serves a call of another sidecar, its method as it came. Rejects with the `StatusError` that the peer is told. */
export async function serve(
  options: ServeOptions,
  call: InvokeCall,
  peer: Peer,
  signal: AbortSignal | undefined,
): Promise<InvokeAnswer> {
  const app = options.app();
  if (app === undefined) throw new StatusError(grpcCode.INTERNAL, 'app channel is not initialized');
  call.method = normalized(call.method);
  const { around } = options;
  const allowed = async (one: InvokeCall): Promise<InvokeAnswer> => {
    options.authorize?.(one, peer);
    try {
      return await app(one, signal);
    } catch (thrown) {
      throw noAnswerOfApp(errorText(thrown), thrown);
    }
  };
  const answer = await (around === undefined ? allowed(call) : around(call, allowed));
  if (!wantsEvents(call) || !isHttpAnswer(answer) || (answer.status >= 200 && answer.status < 300)) return answer;
  await discard(answer);
  throw noAnswerOfApp('no response received from stream');
}

const noAnswerOfApp = (why: string, cause?: unknown) =>
  new StatusError(grpcCode.INTERNAL, `error invoking app channel: ${why}`, [], cause);

/** Whether the caller takes server-sent events only: an answer that is none has no place in its stream, as in Dapr. */
function wantsEvents({ headers }: InvokeCall): boolean {
  return firstOf(headers, 'accept')?.trim().toLowerCase() === 'text/event-stream';
}

function normalized(method: string): string {
  try {
    return normalizeMethod(method);
  } catch (thrown) {
    throw new StatusError(grpcCode.INVALID_ARGUMENT, toFault(thrown).message);
  }
}
