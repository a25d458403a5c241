import { type Agent, get } from 'node:http';

/** GETs a text over an agent's connections; rejects where there is no answer, or one other than that. */
export function httpGet(agent: Agent, url: string, expected: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent }, async (response) => {
      try {
        const text = (await response.toArray()).join('');
        if (response.statusCode === 200 && text === expected) resolve();
        else reject(new Error(`${response.statusCode} ${text}`));
      } catch (thrown) {
        reject(thrown);
      }
    });
    request.on('error', reject);
  });
}
