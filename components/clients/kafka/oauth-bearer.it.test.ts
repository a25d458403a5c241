import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { openComponent } from '#contracts/component.ts';
import { type Kafka, startKafka } from '#e2e/kafka.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '#kit/testing/test.ts';
import { component } from '../../pubsub/kafka.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const basic = `Basic ${Buffer.from('shop:se%3Acret').toString('base64')}`;

/** A provider that knows the client `shop` by its secret `se:cret`, or by its key, and gives tokens the broker takes. */
let kafka: Kafka;
let provider: Server;
let endpoint: string;
let asked: URLSearchParams[];
let kid: string | undefined;

async function proves(form: URLSearchParams, authorization: string | undefined): Promise<boolean> {
  const assertion = form.get('client_assertion');
  if (assertion === null) return authorization === basic;
  kid = decodeProtectedHeader(assertion).kid;
  const audience = form.get('audience') ?? endpoint;
  const { payload } = await jwtVerify(assertion, publicKey, { issuer: 'shop', subject: 'shop', audience });
  return payload.jti !== undefined && payload.exp! - payload.iat! === 60 && form.get('client_id') === 'shop';
}

function token(): string {
  const now = Math.floor(Date.now() / 1_000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ sub: 'shop', iat: now, exp: now + 60 })}.`;
}

beforeAll(async () => {
  kafka = await startKafka();
  provider = createServer(async (request, response) => {
    const form = new URLSearchParams(Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString());
    asked.push(form);
    const known = await proves(form, request.headers.authorization).catch(() => false);
    response.writeHead(known ? 200 : 401, { 'content-type': 'application/json' });
    response.end(JSON.stringify(known ? { access_token: token(), token_type: 'Bearer', expires_in: 60 } : {}));
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/token`;
});
afterAll(async () => {
  provider.closeAllConnections();
  provider.close();
  await kafka[Symbol.asyncDispose]();
});
beforeEach(() => {
  asked = [];
});

const open = (metadata: Record<string, string>) =>
  openComponent(
    component,
    {
      ...{ brokers: kafka.guarded, disableTls: 'true', consumerID: 'oidc', initialOffset: 'oldest' },
      ...{ oidcTokenEndpoint: endpoint, oidcClientID: 'shop', ...metadata },
    },
    { name: 'pubsub', log: silentLogger, signal: new AbortController().signal, env: {} },
  );
const bySecret = { authType: 'oidc', oidcClientSecret: 'se:cret' };
const byKey = {
  ...{ authType: 'oidc_private_key_jwt', oidcClientAssertionKey: keyPem },
  oidcClientAssertionCert: '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----',
};

describe('a login to kafka by tokens', () => {
  it.each([
    ['its secret', bySecret],
    ['its key', byKey],
  ])('lets a client publish and subscribe that proves itself by %s', async (how, metadata) => {
    await using pubsub = await open(metadata);
    const stop = new AbortController();
    const got: string[] = [];
    const topic = how.replace(' ', '-');
    await pubsub.subscribe({ topic }, async ({ data }) => void got.push(Buffer.from(data).toString()), stop.signal);
    await pubsub.publish({ pubsubName: 'p', topic, data: new TextEncoder().encode('hello') });
    await eventually(() => expect(got).toEqual(['hello']));
    stop.abort();
    expect(asked[0]!.get('grant_type')).toBe('client_credentials');
    expect(asked[0]!.get('scope')).toBe('openid');
  });

  it('asks for what the metadata says', async () => {
    const wishes = { oidcAudience: 'kafka', oidcResource: 'urn:broker', oidcScopes: 'a, b', oidcKid: 'one' };
    await using _pubsub = await open({ ...byKey, ...wishes, oidcExtensions: '{"traceId":"1"}' });
    expect(Object.fromEntries(asked[0]!)).toMatchObject({ audience: 'kafka', resource: 'urn:broker', scope: 'a b' });
    expect(kid).toBe('one');
  });

  it.each([
    ['a wrong secret', { ...bySecret, oidcClientSecret: 'wrong-one' }, 'status 401'],
    ['no secret', { authType: 'oidc' }, 'oidcClientSecret is missing: authType oidc needs it'],
    ['no certificate', { ...byKey, oidcClientAssertionCert: '' }, 'oidcClientAssertionCert is missing'],
    ['an endpoint that is none', { ...bySecret, oidcTokenEndpoint: 'tokens' }, '"tokens" is not a URL'],
    ['extensions that are none', { ...bySecret, oidcExtensions: '[]' }, 'oidcExtensions must be a JSON object'],
    ['an older way to say it', { authType: '', authRequired: 'true', saslPassword: 'x' }, 'saslUsername is missing'],
    ['nothing', { authType: '' }, "'authType' attribute was missing or empty"],
  ])('says what is wrong with %s', async (_, metadata, why) => {
    const thrown = await open(metadata).catch((error: Error) => error);
    expect(String(thrown)).toContain(why);
    expect(String(thrown)).not.toContain('wrong-one');
  });
});
