import type { CallOptions, Policy, Runner } from '../policy/resiliency/run.ts';
import { discard, type InvokeAnswer, isHttpAnswer } from './message.ts';

/** An answer that counts as a failure for retries and breakers, though it is passed to the caller when they are done. */
class FailedAnswer extends Error {
  readonly answer: InvokeAnswer;

  constructor(answer: InvokeAnswer) {
    super(`status ${answer.status}`);
    this.answer = answer;
  }
}

/**
 * Makes a call under a policy. An answer which says that the app failed is retried as the policy says; the last one is
 * the caller's, whatever it is. A request whose body streams is never sent twice.
 */
export async function callGuarded(
  policy: Policy,
  run: Runner,
  streams: boolean,
  signal: AbortSignal | undefined,
  call: (signal: AbortSignal | undefined) => Promise<InvokeAnswer>,
): Promise<InvokeAnswer> {
  if (policy.timeoutMs === undefined && policy.retry === undefined && policy.breaker === undefined)
    return await call(signal);
  const options: CallOptions = {
    signal,
    mayRetry: () => !streams,
    statusOf: (thrown) => (thrown instanceof FailedAnswer ? thrown.answer.status : undefined),
  };
  let last: InvokeAnswer | undefined;
  const attempt = async (attemptSignal: AbortSignal | undefined) => {
    if (last !== undefined) await discard(last);
    const answer = await call(attemptSignal);
    if (!failed(answer)) return answer;
    last = answer;
    throw new FailedAnswer(answer);
  };
  try {
    return await run(policy, ({ signal: attemptSignal }) => attempt(attemptSignal), options);
  } catch (thrown) {
    if (thrown instanceof FailedAnswer) return thrown.answer;
    if (last !== undefined) await discard(last);
    throw thrown;
  }
}

function failed(answer: InvokeAnswer): boolean {
  return isHttpAnswer(answer) ? answer.status < 200 || answer.status > 399 : answer.status !== 0;
}
