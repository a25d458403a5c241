import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { defineComponent } from '#contracts/component.ts';
import {
  headerOf,
  type Middleware,
  type MiddlewareRequest,
  type MiddlewareResponse,
  pathOf,
  plainAnswer,
} from '#contracts/middleware.ts';
import { list, secret, text, truth } from '#contracts/settings.ts';
import type { Logger } from '#kit/log/logger.ts';
import { requestToken, type Token } from '../../clients/oauth2-token.ts';
import { goRegExp } from './go-regexp.ts';

export const component = defineComponent({
  type: 'middleware.http.oauth2',
  versions: ['v1'],
  title: 'OAuth2 login',
  description:
    'Sends browsers to log in by the OAuth2 authorization code grant, then puts their token into a header of requests. Sessions live in this sidecar.',
  settings: z.object({
    clientID: text('Client ID.'),
    clientSecret: secret('Client secret.'),
    scopes: list('Scopes to ask for.').default([]),
    authURL: text('Authorization endpoint.'),
    tokenURL: text('Token endpoint.'),
    redirectURL: text('Where the authorization server sends the browser back to.').default(''),
    authHeaderName: text('Header the token goes into.').default('Authorization'),
    forceHTTPS: truth('Whether the browser is sent back by https whatever it came by.').default(false),
    pathFilter: text('Regular expression of paths that need a login; without it, all.').default(''),
  }),
  open: async (settings, { log, signal }): Promise<Middleware> => {
    const { clientID: clientId, clientSecret, tokenURL: tokenUrl, redirectURL } = settings;
    const redirect = redirectURL === '' ? {} : { redirect_uri: redirectURL };
    const authorize = new URL(settings.authURL);
    const query = { access_type: 'offline', client_id: clientId, response_type: 'code', ...redirect };
    for (const [name, value] of Object.entries(query)) authorize.searchParams.set(name, value);
    if (settings.scopes.length > 0) authorize.searchParams.set('scope', settings.scopes.join(' '));
    return login({
      authorize,
      exchange: (code) =>
        requestToken(
          {
            tokenUrl,
            clientId,
            clientSecret,
            authStyle: 0,
            form: { grant_type: 'authorization_code', code, ...redirect },
          },
          Date.now,
          signal,
        ),
      header: settings.authHeaderName.toLowerCase(),
      filter: settings.pathFilter === '' ? undefined : goRegExp('pathFilter', settings.pathFilter),
      https: settings.forceHTTPS,
      newId: randomUUID,
      now: Date.now,
      log,
    });
  },
});

export type Login = {
  /** Authorization endpoint with all parameters but `state`. */
  authorize: URL;
  exchange(code: string): Promise<Token>;
  header: string;
  filter: RegExp | undefined;
  https: boolean;
  newId(): string;
  now(): number;
  log: Logger;
};

type Session = { state: string; wanted: string; token: Token | undefined };

const cookieName = 'dapr-oauth2-session';
const maxSessions = 10_000;

/** The middleware over its parts. */
export function login(options: Login): Middleware {
  const { filter, header, now } = options;
  const sessions = new Map<string, Session>();
  return {
    async handle(request, next) {
      if (filter && !filter.test(pathOf(request))) return next(request);
      const id = sessionIdOf(request);
      const session = id === undefined ? undefined : sessions.get(id);
      if (session?.token && session.token.expiresAt > now())
        return next({ ...request, headers: { ...request.headers, [header]: session.token.header } });
      const query = new URLSearchParams(request.url.slice(pathOf(request).length));
      const state = query.get('state');
      if (state !== null && session) return finish(options, session, state, query.get('code') ?? '');
      if (state !== null) return plainAnswer(400, 'invalid state');
      return begin(options, sessions, request);
    },
    async [Symbol.asyncDispose]() {
      sessions.clear();
    },
  };
}

/** Sends the browser to the authorization server. */
function begin({ authorize, https, newId }: Login, sessions: Map<string, Session>, request: MiddlewareRequest) {
  const [id, state] = [newId(), newId()];
  sessions.set(id, { state, wanted: wantedUrl(request, https), token: undefined });
  if (sessions.size > maxSessions) sessions.delete(sessions.keys().next().value!);
  const url = new URL(authorize);
  url.searchParams.set('state', state);
  const cookie = `${cookieName}=${id}; Path=/; HttpOnly; SameSite=Lax${https ? '; Secure' : ''}`;
  return redirectTo(url.href, { 'set-cookie': cookie });
}

/** Turns the code into a token and sends the browser to where it wanted to go. */
async function finish({ exchange, log }: Login, session: Session, state: string, code: string) {
  if (state !== session.state) return plainAnswer(400, 'invalid state');
  if (code === '') return plainAnswer(400, 'code not found');
  try {
    session.token = await exchange(code);
  } catch (thrown) {
    log.error(`Login failed: ${(thrown as Error).message}`);
    return plainAnswer(500, 'Internal Server Error');
  }
  return redirectTo(session.wanted);
}

/** Within this host only: what a caller asked for cannot send its browser elsewhere. */
function wantedUrl(request: MiddlewareRequest, https: boolean): string {
  const local = `/${request.url.replace(/^[/\\]+/, '')}`;
  const host = headerOf(request, 'host');
  return https && host !== undefined ? `https://${host}${local}` : local;
}

const redirectTo = (location: string, headers: Readonly<Record<string, string>> = {}): MiddlewareResponse => ({
  status: 302,
  headers: { ...headers, location },
  body: '',
});

function sessionIdOf(request: MiddlewareRequest): string | undefined {
  const cookies = [request.headers['cookie'] ?? []].flat().join('; ');
  return new RegExp(`(?:^|; *)${cookieName}=([^;]+)`).exec(cookies)?.[1];
}
