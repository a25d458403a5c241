import { fault } from '#kit/errors/fault.ts';

export type TokenRequest = {
  tokenUrl: string;
  clientId: string;
  /** Not with a grant that is proven otherwise, by an assertion in the form. */
  clientSecret?: string;
  /** Where client ID and secret go: 1 in the form, 2 in a Basic header, 0 the header and, if refused, the form. */
  authStyle: 0 | 1 | 2;
  /** Grant type and what belongs to it. */
  form: Readonly<Record<string, string>>;
  /** How the endpoint is trusted, where the system's authorities are not what is wanted. */
  tls?: { ca?: string; rejectUnauthorized?: boolean } | undefined;
};

/** A token, what goes into a header of it, and when it ends (epoch milliseconds). */
export type Token = { value: string; header: string; expiresAt: number };

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

type Answer = { access_token?: string; token_type?: string; expires_in?: number | string };

/** Asks a token endpoint (RFC 6749 §4–5). Throws `unavailable` without anything secret in it. */
export async function requestToken(request: TokenRequest, now: () => number, signal: AbortSignal): Promise<Token> {
  const styles: readonly (1 | 2)[] = request.authStyle === 0 ? [2, 1] : [request.authStyle];
  for (const style of styles) {
    const answer = await ask(request, style, signal);
    if (answer.ok) return readToken(request, (await answer.json()) as Answer, now);
    await answer.body?.cancel();
    if (style === styles.at(-1)) throw failed(request, `status ${answer.status}`);
  }
  throw failed(request, 'no way to authenticate');
}

/** A token is asked for anew this long before its end. */
const earlyMs = 10_000;

/** Asks for a token when there is none or it is about to end; callers at the same time share one request. */
export function keptToken<T extends Pick<Token, 'expiresAt'>>(
  ask: () => Promise<T>,
  now: () => number,
): () => Promise<T> {
  let held: T | undefined;
  let asking: Promise<T> | undefined;
  return async () => {
    if (held && held.expiresAt - earlyMs > now()) return held;
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    held = await asking;
    return held;
  };
}

async function ask(request: TokenRequest, style: 1 | 2, signal: AbortSignal): Promise<Response> {
  const { clientId, clientSecret = '', form } = request;
  const credentials = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
  const own = style === 1 ? { client_id: clientId, ...(clientSecret && { client_secret: clientSecret }) } : {};
  try {
    const send = request.tls === undefined ? fetch : await fetchTrusting(request.tls);
    return await send(request.tokenUrl, {
      method: 'POST',
      body: new URLSearchParams({ ...form, ...own }),
      headers: {
        accept: 'application/json',
        ...(style === 2 && { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
      },
      signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]),
    });
  } catch (cause) {
    throw failed(request, (cause as Error).message, cause);
  }
}

/** A fetch from servers whose certificates these options accept, beside those that the system does. */
async function fetchTrusting({ ca, rejectUnauthorized = true }: NonNullable<TokenRequest['tls']>): Promise<Fetch> {
  const [undici, { rootCertificates }] = await Promise.all([import('undici'), import('node:tls')]);
  const connect = { rejectUnauthorized, ...(ca !== undefined && { ca: [...rootCertificates, ca] }) };
  const dispatcher = new undici.Agent({ connect, pipelining: 0 });
  return (url, init) => undici.fetch(url, { ...init, dispatcher } as never) as unknown as Promise<Response>;
}

function readToken(request: TokenRequest, answer: Answer, now: () => number): Token {
  if (!answer.access_token) throw failed(request, 'the answer holds no access_token');
  const type = !answer.token_type || answer.token_type.toLowerCase() === 'bearer' ? 'Bearer' : answer.token_type;
  const seconds = Number(answer.expires_in ?? 3600);
  const value = answer.access_token;
  return { value, header: `${type} ${value}`, expiresAt: now() + (seconds > 0 ? seconds : 3600) * 1000 };
}

const failed = ({ tokenUrl }: TokenRequest, why: string, cause?: unknown) =>
  fault('unavailable', `no token from ${tokenUrl}: ${why}`, { cause });
