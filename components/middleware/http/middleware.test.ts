import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { type Component, type Metadata, openComponent } from '#contracts/component.ts';
import type { Middleware, MiddlewareRequest, MiddlewareResponse } from '#contracts/middleware.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { keptToken } from '../../clients/oauth2-token.ts';
import { bearerCheck } from './bearer.ts';
import { login } from './oauth2.ts';
import { rateLimit } from './ratelimit.ts';
import { component as routeralias } from './routeralias.ts';
import { component as routerchecker } from './routerchecker.ts';
import { component as uppercase } from './uppercase.ts';

const { signal } = new AbortController();
const blank: MiddlewareRequest = {
  method: 'GET',
  url: '/',
  headers: {},
  remoteAddress: '10.0.0.1',
  body: Buffer.alloc(0),
};

async function opened(component: Component, metadata: Metadata = {}): Promise<Middleware> {
  const context = { name: 'mine', log: silentLogger, signal, env: {} };
  return (await openComponent(component, metadata, context)) as Middleware;
}

/** What comes back, and the request as it was handed on, if it was. */
async function through(middleware: Middleware, request: Partial<MiddlewareRequest>) {
  let passed: MiddlewareRequest | undefined;
  const next = async (handed: MiddlewareRequest): Promise<MiddlewareResponse> => {
    passed = handed;
    return { status: 200, headers: {}, body: 'ok' };
  };
  const answer = await middleware.handle({ ...blank, ...request }, next, signal);
  return { ...answer, passed };
}

describe('uppercase', () => {
  it('turns the body into capitals', async () => {
    const { passed } = await through(await opened(uppercase), { body: Buffer.from('hé') });
    expect(String(passed!.body)).toBe('HÉ');
  });
});

describe('routeralias', () => {
  const routes = '{"/mall/{id}/info": "/v1.0/invoke/mall/method/info", "/n/{n:[0-9]+}": "/number", "/plain": "/other"}';

  it.each([
    ['/mall/a%20b/info?x=1', '/v1.0/invoke/mall/method/info?id=a+b&x=1'],
    ['/n/42', '/number?n=42'],
    ['/n/x', '/n/x'],
    ['/plain?q=1', '/other?q=1'],
    ['/plain/more', '/plain/more'],
  ])('serves %s by %s', async (url, target) => {
    expect((await through(await opened(routeralias, { routes }), { url })).passed!.url).toBe(target);
  });

  it('takes the older form, an item for each alias', async () => {
    const alias = await opened(routeralias, { '/mall/{id}': '/v1.0/invoke/mall/method/info', '/plain': '/other' });
    expect((await through(alias, { url: '/mall/7' })).passed!.url).toBe('/v1.0/invoke/mall/method/info?id=7');
    expect((await through(alias, { url: '/plain' })).passed!.url).toBe('/other');
  });

  it('says what is wrong with its routes', async () => {
    await expect(opened(routeralias, { routes: '[1]' })).rejects.toThrow('routes: must be an object');
  });
});

describe('routerchecker', () => {
  it('refuses what its rule does not match', async () => {
    const check = await opened(routerchecker, { rule: '(?i)^/[a-z/]+$' });
    expect((await through(check, { url: '/Ok/fine' })).status).toBe(200);
    expect(await through(check, { url: '/no?x' })).toMatchObject({
      status: 400,
      body: 'invalid router',
      passed: undefined,
    });
    await expect(opened(routerchecker, { rule: '(' })).rejects.toThrow('rule: ');
  });
});

describe('ratelimit', () => {
  it('counts each address by itself and fills up again', async () => {
    let now = 0;
    const limit = rateLimit(2, () => now);
    const status = async (remoteAddress = '10.0.0.1', url = '/a?x=1') =>
      (await through(limit, { remoteAddress, url })).status;
    expect([await status(), await status(), await status(), await status('10.0.0.2')]).toEqual([200, 200, 429, 200]);
    expect([await status('10.0.0.1', '/a'), await status('10.0.0.1', '/b')]).toEqual([429, 200]);
    now += 500;
    expect([await status(), await status()]).toEqual([200, 429]);
  });
});

describe('bearer', () => {
  it('lets in a token of its issuer for its audience, and nothing else', async () => {
    const pair = await generateKeyPair('RS256');
    const keys = createLocalJWKSet({ keys: [await exportJWK(pair.publicKey)] });
    const check = bearerCheck({
      keys,
      issuer: 'me',
      audience: 'app',
      now: () => new Date(1_000_000),
      log: silentLogger,
    });
    const token = (claims: object) =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256' }).sign(pair.privateKey);
    const status = async (authorization?: string) =>
      (await through(check, { headers: authorization === undefined ? {} : { authorization } })).status;
    const good = { iss: 'me', aud: 'app', exp: 2_000 };
    expect(await status(`bearer ${await token(good)}`)).toBe(200);
    expect(await status()).toBe(401);
    expect(await status('Basic abc')).toBe(401);
    expect(await status(`Bearer ${await token({ ...good, iss: 'you' })}`)).toBe(401);
    expect(await status(`Bearer ${await token({ ...good, aud: 'other' })}`)).toBe(401);
    expect(await status(`Bearer ${await token({ ...good, exp: 500 })}`)).toBe(401);
  });

  it('answers 500 when the keys cannot be had', async () => {
    const keys = () => Promise.reject(new Error('connect ECONNREFUSED'));
    const check = bearerCheck({ keys, issuer: 'me', audience: 'app', now: () => new Date(), log: silentLogger });
    const token = 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln';
    expect((await through(check, { headers: { authorization: `Bearer ${token}` } })).status).toBe(500);
  });
});

describe('a kept token', () => {
  it('is asked for once by many, and anew before its end', async () => {
    let [now, asked] = [0, 0];
    const ask = async () => ({ header: `Bearer ${++asked}`, expiresAt: now + 60_000 });
    const token = keptToken(ask, () => now);
    const [one, other] = await Promise.all([token(), token()]);
    expect([one.header, other.header]).toEqual(['Bearer 1', 'Bearer 1']);
    now += 55_000;
    expect((await token()).header).toBe('Bearer 2');
  });
});

describe('oauth2', () => {
  function start(https = false) {
    let ids = 0;
    return login({
      authorize: new URL('https://id.example/authorize?client_id=me'),
      exchange: async (code) => {
        if (code !== 'good') throw new Error('refused');
        return { value: 'secret', header: 'Bearer secret', expiresAt: 1_000 };
      },
      header: 'authorization',
      filter: /^\/private/,
      https,
      newId: () => `id${++ids}`,
      now: () => 0,
      log: silentLogger,
    });
  }
  const cookie = 'other=1; dapr-oauth2-session=id1';

  it('sends a browser to log in and back, then adds its token', async () => {
    const middleware = start();
    const away = await through(middleware, { url: '/private/page?x=1' });
    expect(away.status).toBe(302);
    expect(away.headers['location']).toBe('https://id.example/authorize?client_id=me&state=id2');
    expect(away.headers['set-cookie']).toBe('dapr-oauth2-session=id1; Path=/; HttpOnly; SameSite=Lax');
    const back = await through(middleware, { url: '/private/cb?state=id2&code=good', headers: { cookie } });
    expect([back.status, back.headers['location']]).toEqual([302, '/private/page?x=1']);
    const inside = await through(middleware, { url: '/private/page?x=1', headers: { cookie } });
    expect(inside.passed!.headers['authorization']).toBe('Bearer secret');
  });

  it('refuses a state it did not give, a missing code and a refused one', async () => {
    const middleware = start();
    expect((await through(middleware, { url: '/private?state=id2&code=good' })).status).toBe(400);
    await through(middleware, { url: '/private' });
    expect((await through(middleware, { url: '/private?state=x&code=good', headers: { cookie } })).status).toBe(400);
    expect((await through(middleware, { url: '/private?state=id2', headers: { cookie } })).status).toBe(400);
    expect((await through(middleware, { url: '/private?state=id2&code=bad', headers: { cookie } })).status).toBe(500);
  });

  it('leaves other paths alone, and never sends a browser to another host', async () => {
    const middleware = start();
    expect((await through(middleware, { url: '/public' })).passed).toBeDefined();
    await through(middleware, { url: '/private//evil.example' });
    const back = await through(middleware, { url: '/private?state=id2&code=good', headers: { cookie } });
    expect(back.headers['location']).toBe('/private//evil.example');
  });
});
