export type Pace = { perSecond: number; seconds: number; headers: Readonly<Record<string, string>> };

const tickMs = 5;

/** Posts `{"at": <milliseconds of performance.now()>}` at a fixed pace, whatever the answers take. */
export async function paceThrough(url: string, { perSecond, seconds, headers }: Pace): Promise<void> {
  const began = performance.now();
  const total = perSecond * seconds;
  const answers: Promise<unknown>[] = [];
  while (answers.length < total) {
    const due = Math.min(total, ((performance.now() - began) / 1_000) * perSecond);
    while (answers.length < due) answers.push(post(url, headers));
    await new Promise((resolve) => setTimeout(resolve, tickMs));
  }
  await Promise.all(answers);
}

async function post(url: string, headers: Pace['headers']): Promise<void> {
  const body = JSON.stringify({ at: performance.now() });
  const answer = await fetch(url, { method: 'POST', body, headers });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  await answer.arrayBuffer();
}
