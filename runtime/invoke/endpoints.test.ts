import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { makeRoot } from '#kit/pki/authority.ts';
import { certificatesPem } from '#kit/pki/certificate.ts';
import { makeCsr, readCsr } from '#kit/pki/csr.ts';
import { issueLeaf, leafSigner } from '#kit/pki/issue.ts';
import { generateKey, privateKeyPem } from '#kit/pki/key.ts';
import { writePem } from '#kit/pki/pem.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import type { ChannelCall } from '../channel/watched.ts';
import { createEndpoints, type EndpointSettings } from './endpoints.ts';
import { callOf, collect, noBody } from './message.ts';

const times = { now: new Date(), ttlMs: 3_600_000, skewMs: 60_000 };

/** An authority, and what it signs for a server and a client. */
async function authority() {
  const root = await makeRoot('test', times);
  const signer = leafSigner(root.certificate, root.key, root.certificate.validToDate);
  const leaf = async (appId: string) => {
    const key = await generateKey('p256');
    const id = { trustDomain: 'test', namespace: 'default', appId };
    const { der } = issueLeaf(readCsr(makeCsr(key)), { id, dnsNames: ['localhost'] }, times, signer);
    return { cert: writePem('CERTIFICATE', der), key: privateKeyPem(key) };
  };
  return { ca: certificatesPem([root.certificate]), server: await leaf('server'), client: await leaf('client') };
}

const own = await authority();
const other = await authority();

async function listening(server: Server) {
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const plain = (handle: RequestListener) => listening(createServer({ keepAliveTimeout: 1 }, handle));
/** Lets in clients of its own authority only. */
const mutual = (handle: RequestListener) =>
  listening(createSecureServer({ ...own.server, ca: own.ca, requestCert: true, keepAliveTimeout: 1 }, handle));

/** Calls the only endpoint there is, `shop`, unless told otherwise. */
async function get(settings: Partial<EndpointSettings>, method = 'open', id = 'shop', verb = 'GET') {
  await using endpoints = createEndpoints([
    { name: 'shop', baseUrl: 'http://none', headers: {}, tls: {}, ...settings },
  ]);
  const answer = await endpoints.find(id)!.invoke(callOf(verb, method, {}, noBody), undefined);
  return { status: answer.status, text: String(await collect(answer.body)) };
}

describe('an HTTPEndpoint', () => {
  it('is called below its path, with its headers', async () => {
    let seen: IncomingHttpHeaders = {};
    await using site = await plain((request, response) => {
      seen = request.headers;
      response.end(request.url);
    });
    const baseUrl = `http://localhost:${site.port}/api/`;
    expect(await get({ baseUrl, headers: { 'x-key': 'secret' } })).toEqual({ status: 200, text: '/api/open' });
    expect(seen).toMatchObject({ host: `localhost:${site.port}`, 'x-key': 'secret' });
  });

  it('is counted among the calls that go out', async () => {
    await using site = await plain((_request, response) =>
      response.writeHead(404, { 'content-length': 4 }).end('none'),
    );
    const told: ChannelCall[] = [];
    const watch = { called: (call: ChannelCall) => void told.push(call), probed() {} };
    const shop = { name: 'shop', baseUrl: `http://localhost:${site.port}/api`, headers: {}, tls: {} };
    await using endpoints = createEndpoints([shop], watch);
    await endpoints.find('shop')!.invoke(callOf('GET', 'open', {}, noBody), undefined);
    expect(told).toMatchObject([{ verb: 'GET', path: '/api/open', status: 404, responseBytes: 4 }]);
  });

  it('is shown the certificate it asks for, and believed by the root given', async () => {
    await using site = await mutual((request, response) => {
      response.end((request.socket as TLSSocket).getPeerX509Certificate()?.subjectAltName);
    });
    const baseUrl = `https://localhost:${site.port}`;
    const { text } = await get({ baseUrl, tls: { ca: own.ca, ...own.client } });
    expect(text).toContain('spiffe://test/ns/default/client');
  });

  it.each<[string, EndpointSettings['tls'], string]>([
    ['with no root', {}, 'tls: failed to verify certificate'],
    ['with another root', { ca: other.ca, ...own.client }, 'tls: failed to verify certificate'],
    ['with a certificate of another authority', { ca: own.ca, ...other.client }, 'failed'],
    ['without a certificate', { ca: own.ca }, 'failed'],
  ])('is not called %s', async (_how, tls, why) => {
    let calls = 0;
    await using site = await mutual((_request, response) => {
      calls += 1;
      response.end();
    });
    await expect(get({ baseUrl: `https://localhost:${site.port}`, tls })).rejects.toThrow(why);
    expect(calls).toBe(0);
  });

  it('is followed where it sends the caller, but no other origin gets its headers', async () => {
    const seen: (string | undefined)[] = [];
    const tell: RequestListener = (request, response) => {
      seen.push(request.headers['x-key'] as string | undefined);
      response.end('there');
    };
    await using elsewhere = await plain(tell);
    await using site = await plain((request, response) => {
      if (request.url === '/near') return response.writeHead(302, { location: '/there' }).end();
      if (request.url === '/there') return tell(request, response);
      return response.writeHead(307, { location: `http://localhost:${elsewhere.port}/x` }).end();
    });
    const settings = { baseUrl: `http://localhost:${site.port}`, headers: { 'x-key': 'secret' } };
    expect(await get(settings, 'near')).toEqual({ status: 200, text: 'there' });
    expect(await get(settings, 'far')).toEqual({ status: 200, text: 'there' });
    expect(seen).toEqual(['secret', undefined]);
    expect((await get(settings, 'far', 'shop', 'POST')).status).toBe(307);
  });

  it('that sends in circles is given up', async () => {
    let calls = 0;
    await using site = await plain((_request, response) => {
      calls += 1;
      response.writeHead(302, { location: '/open' }).end();
    });
    expect((await get({ baseUrl: `http://localhost:${site.port}` })).status).toBe(302);
    expect(calls).toBe(11);
  });
});

describe('a URL as the target of a call', () => {
  it('is called without any endpoint’s headers', async () => {
    await using site = await plain((request, response) => response.end(`${request.url} ${request.headers['x-key']}`));
    const url = `http://localhost:${site.port}`;
    expect((await get({ headers: { 'x-key': 'secret' } }, 'open', url)).text).toBe('/open undefined');
  });

  it('is not followed to where it sends the caller', async () => {
    await using site = await plain((_request, response) => response.writeHead(302, { location: '/there' }).end());
    expect((await get({}, 'near', `http://localhost:${site.port}`)).status).toBe(302);
  });
});
