import type { HttpClient } from '#kit/http/call.ts';
import { connectHttp } from '#kit/http/client.ts';
import type { AppChannel } from '../channel/channel.ts';
import { createHttpChannel } from '../channel/http.ts';
import { type ChannelWatch, watchedChannel } from '../channel/watched.ts';
import { discard, type Invoke } from './message.ts';
import { isUrl } from './target.ts';

/** An HTTPEndpoint with its secrets resolved. */
export type EndpointSettings = {
  name: string;
  baseUrl: string;
  headers: Readonly<Record<string, string>>;
  /** PEM texts. */
  tls: { ca?: string; cert?: string; key?: string };
};

export type Endpoints = AsyncDisposable & {
  /** Calls an HTTPEndpoint by name, or a URL; undefined where it is neither. */
  find(id: string): { invoke: Invoke; baseUrl: string } | undefined;
  names(): string[];
  /** Takes other HTTPEndpoints in place of those there are; calls under way go on. */
  replace(settings: readonly EndpointSettings[]): void;
};

/**
 * Most answers in a row that send the caller elsewhere, as Go's HTTP client allows. Another origin gets nothing of the
 * endpoint's. Where a URL is called, the caller is told to go there itself, as by Dapr.
 */
const maxRedirects = 10;

/** Channels to HTTPEndpoints and URLs, each opened when it is first called; `watch` is told of their calls. */
export function createEndpoints(settings: readonly EndpointSettings[], watch?: ChannelWatch): Endpoints {
  let known = new Map(settings.map((one) => [one.name, one]));
  const clients = new Map<string, Promise<HttpClient>>();
  const channels = new Map<string, Promise<AppChannel>>();
  const client = (origin: string, tls: EndpointSettings['tls']): Promise<HttpClient> => {
    const key = JSON.stringify([origin, tls]);
    const found = clients.get(key) ?? connectHttp({ origin, tls });
    clients.set(key, found);
    return found;
  };
  const channelTo = (url: URL, { headers, tls }: EndpointSettings): Promise<AppChannel> => {
    const key = JSON.stringify([url.origin, tls, headers]);
    const opened = channels.get(key) ?? open(client(url.origin, tls), { ...headers, host: url.host }, watch);
    channels.set(key, opened);
    return opened;
  };
  const invokeAt =
    (settings: EndpointSettings, followed: (verb: string) => boolean): Invoke =>
    async (call, signal) => {
      let endpoint = settings;
      let url = new URL(settings.baseUrl);
      let { method, query } = call;
      for (let redirects = 0; ; redirects++) {
        const channel = await channelTo(url, endpoint);
        const base = url.pathname.replace(/^\/|\/$/g, '');
        const answer = await channel.invoke(
          { ...call, method: base === '' ? method : `${base}/${method}`, query },
          signal,
        );
        const location = [301, 302, 303, 307, 308].includes(answer.status) ? answer.headers['location'] : undefined;
        if (typeof location !== 'string' || !followed(call.verb) || redirects >= maxRedirects) return answer;
        await discard(answer);
        const next = new URL(location, `${url.origin}/${base === '' ? method : `${base}/${method}`}`);
        if (next.origin !== url.origin) endpoint = { ...endpoint, headers: {}, tls: {} };
        url = new URL(next.origin);
        method = next.pathname.slice(1);
        query = next.search.slice(1);
      }
    };
  return {
    find(id) {
      const found = known.get(id);
      if (found !== undefined) return { invoke: invokeAt(found, isRepeatable), baseUrl: found.baseUrl };
      return isUrl(id)
        ? { invoke: invokeAt({ name: id, baseUrl: id, headers: {}, tls: {} }, never), baseUrl: id }
        : undefined;
    },
    names: () => [...known.keys()],
    replace(next) {
      known = new Map(next.map((one) => [one.name, one]));
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled([...clients.values()].map(async (one) => (await one)[Symbol.asyncDispose]()));
    },
  };
}

const isRepeatable = (verb: string): boolean => verb === 'GET' || verb === 'HEAD';
const never = (): boolean => false;

async function open(
  client: Promise<HttpClient>,
  headers: Readonly<Record<string, string>>,
  watch: ChannelWatch | undefined,
): Promise<AppChannel> {
  const channel = createHttpChannel({ client: await client, maxConcurrency: 0, headers });
  return watch === undefined ? channel : watchedChannel(channel, watch);
}
