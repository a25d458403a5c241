import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { z } from 'zod';
import { defineComponent } from '#contracts/component.ts';
import { headerOf, type Middleware, plainAnswer } from '#contracts/middleware.ts';
import { text } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';
import type { Logger } from '#kit/log/logger.ts';

export const component = defineComponent({
  type: 'middleware.http.bearer',
  versions: ['v1'],
  title: 'Bearer token',
  description: 'Lets in requests with a JWT of one issuer for one audience; others get status 401.',
  settings: z.object({
    issuer: text('Issuer that tokens must name.', { aliases: ['issuerURL'] }),
    audience: text('Audience that tokens must name, usually a client ID.', { aliases: ['clientID'] }),
    jwksURL: text("Where the issuer's keys are; without it, its OpenID configuration says.").default(''),
  }),
  open: async ({ issuer, audience, jwksURL }, { log, signal }): Promise<Middleware> => {
    const url = jwksURL === '' ? await discoverKeys(issuer, signal) : urlOf('jwksURL', jwksURL);
    const keys = createRemoteJWKSet(url, { cooldownDuration: 30_000, timeoutDuration: 30_000 });
    return bearerCheck({ keys, issuer, audience, now: () => new Date(), log });
  },
});

export type BearerCheck = {
  keys: JWTVerifyGetKey;
  issuer: string;
  audience: string;
  now(): Date;
  log: Logger;
};

const skewSeconds = 300;

/** Checks the token in `Authorization: Bearer …`. When the keys cannot be had, answers 500. */
export function bearerCheck({ keys, issuer, audience, now, log }: BearerCheck): Middleware {
  return {
    async handle(request, next) {
      const [, token] = /^bearer (.+)$/i.exec(headerOf(request, 'authorization') ?? '') ?? [];
      if (token === undefined) return plainAnswer(401, 'Unauthorized');
      try {
        await jwtVerify(token, keys, { issuer, audience, clockTolerance: skewSeconds, currentDate: now() });
      } catch (thrown) {
        if (thrown instanceof errors.JOSEError && !(thrown instanceof errors.JWKSTimeout))
          return plainAnswer(401, 'Unauthorized');
        log.error(`The keys of issuer ${issuer} cannot be had: ${(thrown as Error).message}`);
        return plainAnswer(500, 'Internal Server Error');
      }
      return next(request);
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** The key set that the issuer's OpenID configuration names. Throws `unavailable` or `invalid-metadata`. */
async function discoverKeys(issuer: string, signal: AbortSignal): Promise<URL> {
  const url = urlOf('issuer', `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  try {
    const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const document = (await answer.json()) as { issuer?: string; jwks_uri?: string };
    if (document.issuer !== issuer) throw new Error(`it names another issuer, ${document.issuer}`);
    if (!document.jwks_uri) throw new Error('it has no jwks_uri');
    return new URL(document.jwks_uri);
  } catch (cause) {
    throw fault('unavailable', `the OpenID configuration ${url.href} cannot be used: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function urlOf(setting: string, text: string): URL {
  if (URL.canParse(text)) return new URL(text);
  throw fault('invalid-metadata', `${setting}: "${text}" is not a URL`);
}
