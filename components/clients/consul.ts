import { readFileSync } from 'node:fs';
import { fault } from '#kit/errors/fault.ts';
import { connectHttp } from '#kit/http/client.ts';

/** How the agent is reached, as Consul's own client names it; keys in lower case. */
export type ConsulClientSettings = Readonly<Record<string, unknown>>;

export type ConsulAnswer = { body: unknown; index: string };

/** An agent's HTTP API. */
export type ConsulAgent = AsyncDisposable & {
  /** Rejects with `unavailable` that names the request where the agent does not answer it well. */
  ask(method: 'GET' | 'PUT', path: string, body: unknown, signal: AbortSignal): Promise<ConsulAnswer>;
};

const largestAnswer = 16 * 1024 * 1024;

/** Opens the agent's API. Nothing is sent before the first request. */
export async function openConsul(settings: ConsulClientSettings): Promise<ConsulAgent> {
  const text = (name: string) => String(settings[name] ?? '');
  const tls = lowered(settings['tlsconfig']);
  const scheme = text('scheme') || (Object.keys(tls).length > 0 ? 'https' : 'http');
  const origin = `${scheme}://${text('address') || '127.0.0.1:8500'}`;
  const client = await connectHttp({ origin, tls: tlsOf(tls) });
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  const token = text('token') || (text('tokenfile') && readFileSync(text('tokenfile'), 'utf8').trim());
  if (token) headers['x-consul-token'] = token;
  const { username = '', password = '' } = lowered(settings['httpauth']);
  if (username) headers['authorization'] = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return {
    async ask(method, path, body, signal) {
      const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      const answer = await client.call({ method, path, headers, body: sent, signal });
      const read = String(await answer.body.read(largestAnswer));
      if (answer.status !== 200)
        throw fault('unavailable', `Consul answered ${answer.status} to ${method} ${path.split('?')[0]}: ${read}`);
      return {
        body: read === '' ? undefined : JSON.parse(read),
        index: String(answer.headers['x-consul-index'] ?? ''),
      };
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

/** An object with its names in lower case, as Go's JSON takes them in any; anything else is empty. */
export function lowered(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name.toLowerCase(), one]));
}

function tlsOf(tls: Readonly<Record<string, unknown>>) {
  const file = (name: string) => (tls[name] ? readFileSync(String(tls[name]), 'utf8') : undefined);
  const [ca, cert, key] = [file('cafile'), file('certfile'), file('keyfile')];
  const insecure = tls['insecureskipverify'] === true;
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }), ...(insecure && { insecure }) };
}
