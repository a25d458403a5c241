import { z } from 'zod';
import { defineComponent } from '#contracts/component.ts';
import { type Middleware, pathOf, plainAnswer } from '#contracts/middleware.ts';
import { choice, list, secret, text } from '#contracts/settings.ts';
import type { Logger } from '#kit/log/logger.ts';
import { keptToken, requestToken, type Token } from '../../clients/oauth2-token.ts';
import { goRegExp } from './go-regexp.ts';

export const component = defineComponent({
  type: 'middleware.http.oauth2clientcredentials',
  versions: ['v1'],
  title: 'OAuth2 client credentials',
  description:
    'Puts a token of the OAuth2 client credentials grant into a header of requests; tokens are kept until they end.',
  settings: z.object({
    clientID: text('Client ID.'),
    clientSecret: secret('Client secret.'),
    scopes: list('Scopes to ask for.').default([]),
    tokenURL: text('Token endpoint.'),
    headerName: text('Header the token goes into.'),
    endpointParamsQuery: text('Further parameters of the token request, as a query.').default(''),
    authStyle: choice('Where the credentials go: 1 in the form, 2 in a header, 0 finds out.', ['0', '1', '2']).default(
      '0',
    ),
    pathFilter: text('Regular expression of paths that get the header; without it, all.').default(''),
  }),
  open: async (settings, { log, signal }): Promise<Middleware> => {
    const filter = settings.pathFilter === '' ? undefined : goRegExp('pathFilter', settings.pathFilter);
    const form = {
      grant_type: 'client_credentials',
      scope: settings.scopes.join(' '),
      ...Object.fromEntries(new URLSearchParams(settings.endpointParamsQuery)),
    };
    const request = {
      tokenUrl: settings.tokenURL,
      clientId: settings.clientID,
      clientSecret: settings.clientSecret,
      authStyle: Number(settings.authStyle) as 0 | 1 | 2,
      form,
    };
    const token = keptToken(() => requestToken(request, Date.now, signal), Date.now);
    return withToken({ token, header: settings.headerName.toLowerCase(), filter, log });
  },
});

function withToken(options: {
  token(): Promise<Token>;
  header: string;
  filter: RegExp | undefined;
  log: Logger;
}): Middleware {
  const { token, header, filter, log } = options;
  return {
    async handle(request, next) {
      if (filter && !filter.test(pathOf(request))) return next(request);
      let value: string;
      try {
        value = (await token()).header;
      } catch (thrown) {
        log.error(`Request refused: ${(thrown as Error).message}`);
        return plainAnswer(500, 'no access token could be obtained');
      }
      return next({ ...request, headers: { ...request.headers, [header]: value } });
    },
    async [Symbol.asyncDispose]() {},
  };
}
