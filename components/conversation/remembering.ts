import type { ConverseRequest, ConverseResponse } from '#contracts/conversation.ts';

export type Ask = (request: ConverseRequest, signal: AbortSignal | undefined) => Promise<ConverseResponse>;

const mostRemembered = 1_000;

/** Gives an answer again for a time; the oldest go first when there are many. */
export function remembering(ask: Ask, ttlMs: number, now: () => number): Ask {
  const answers = new Map<string, { answer: ConverseResponse; until: number }>();
  return async (request, signal) => {
    const question = JSON.stringify(request);
    const known = answers.get(question);
    if (known !== undefined && known.until > now()) return known.answer;
    const answer = await ask(request, signal);
    answers.delete(question);
    answers.set(question, { answer, until: now() + ttlMs });
    for (const oldest of answers.keys()) {
      if (answers.size <= mostRemembered) break;
      answers.delete(oldest);
    }
    return answer;
  };
}
