import { describe, expect, it } from '#kit/testing/test.ts';
import type { IncomingCall } from './call.ts';
import { withCors } from './cors.ts';
import type { HttpDoor } from './door.ts';

const refusing: HttpDoor = async () => ({ status: 401, headers: { 'x-own': 'yes' } });

const call = (method: string, headers: Record<string, string>): IncomingCall => ({
  method,
  url: '/v1.0/metadata',
  headers,
  hasBody: false,
  read: () => Promise.resolve(Buffer.alloc(0)),
  stream: (async function* () {})(),
  signal: new AbortController().signal,
});

const preflight = (origin: string, more: Record<string, string> = {}) =>
  call('OPTIONS', { origin, 'access-control-request-method': 'put', ...more });

describe('CORS', () => {
  it('answers a preflight of an allowed origin itself, without asking the door for the token', async () => {
    const door = withCors(refusing, 'https://a.example, https://b.example');
    const reply = await door(preflight('https://B.example', { 'access-control-request-headers': 'x-one, x-two' }));
    expect(reply).toEqual({
      status: 200,
      headers: {
        'access-control-allow-origin': 'https://B.example',
        'access-control-allow-methods': 'PUT',
        'access-control-allow-headers': 'x-one, x-two',
        vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
      },
    });
  });

  it('grants nothing to other origins and methods, and says that the answer depends on them', async () => {
    const door = withCors(refusing, 'https://a.example');
    for (const asked of [
      preflight('https://evil.example'),
      preflight('https://a.example.evil.example'),
      call('OPTIONS', { origin: 'https://a.example', 'access-control-request-method': 'TRACE' }),
    ]) {
      const { status, headers } = await door(asked);
      expect([status, Object.keys(headers!)]).toEqual([200, ['vary']]);
    }
  });

  it('adds the origin to other answers and leaves their status and headers alone', async () => {
    const door = withCors(refusing, 'https://*.example');
    const granted = await door(call('GET', { origin: 'https://shop.example' }));
    expect(granted).toEqual({
      status: 401,
      headers: { 'x-own': 'yes', 'access-control-allow-origin': 'https://shop.example', vary: 'Origin' },
    });
    expect((await door(call('GET', {}))).headers).toEqual({ 'x-own': 'yes', vary: 'Origin' });
    expect((await door(call('OPTIONS', { origin: 'https://shop.example' }))).status).toBe(401);
  });

  it('does not let the two ends of a pattern share characters', async () => {
    const door = withCors(refusing, 'https://aba*aba');
    expect((await door(preflight('https://aba'))).headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('lets every origin in with *, and leaves the door as it is without origins', async () => {
    const reply = await withCors(refusing, '*')(preflight('https://any.example'));
    expect(reply.headers).toMatchObject({ 'access-control-allow-origin': '*' });
    expect(withCors(refusing, '')).toBe(refusing);
  });
});
