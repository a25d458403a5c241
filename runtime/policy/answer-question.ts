import { toFault } from '#kit/errors/fault.ts';
import { explain } from './explain.ts';
import { explainQuestion } from './explain-question.ts';

/** What `--explain` prints, and the exit code: the answer as JSON, or what is wrong with the question or its files. */
export async function answerQuestion(
  question: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ text: string; code: 0 | 1 }> {
  try {
    const answer = await explain(explainQuestion.parse(JSON.parse(question)), env);
    return { text: `${JSON.stringify(answer)}\n`, code: 0 };
  } catch (thrown) {
    return { text: `${toFault(thrown).message}\n`, code: 1 };
  }
}
