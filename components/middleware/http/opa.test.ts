import { openComponent } from '#contracts/component.ts';
import type { MiddlewareRequest, MiddlewareResponse } from '#contracts/middleware.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { component, opaCheck } from './opa.ts';

const { signal } = new AbortController();
const request: MiddlewareRequest = {
  method: 'POST',
  url: '/v1.0/invoke/till/method/a%20b/?x=1&x=2&y=',
  headers: { authorization: 'Bearer t', 'x-many': ['1', '2'], cookie: 'no' },
  remoteAddress: '',
  body: Buffer.from('coins'),
};

type Settings = Partial<Parameters<typeof opaCheck>[0]>;

/** What comes back under a policy that says that, what it was asked, and the request as it was handed on. */
async function asked(says: unknown, settings: Settings = {}) {
  const inputs: unknown[] = [];
  const policy = (input: object) => {
    inputs.push(input);
    if (says instanceof Error) throw says;
    return says;
  };
  const check = opaCheck({
    ...{ policy, defaultStatus: 403, includedHeaders: '', readBody: false, log: silentLogger },
    ...settings,
  });
  let passed: MiddlewareRequest | undefined;
  const next = async (handed: MiddlewareRequest): Promise<MiddlewareResponse> => {
    passed = handed;
    return { status: 200, headers: {}, body: 'ok' };
  };
  return { ...(await check.handle(request, next, signal)), passed, input: inputs[0] };
}

describe('middleware.http.opa', () => {
  it('asks with the request as Dapr writes it', async () => {
    const { input } = await asked(true, { includedHeaders: 'authorization, X-Many,x-none', readBody: true });
    expect(input).toEqual({
      request: {
        method: 'POST',
        path: '/v1.0/invoke/till/method/a b/',
        path_parts: ['v1.0', 'invoke', 'till', 'method', 'a b'],
        raw_query: 'x=1&x=2&y=',
        query: { x: ['1', '2'], y: [''] },
        headers: { Authorization: 'Bearer t', 'X-Many': '1, 2' },
        scheme: '',
        body: 'coins',
      },
    });
  });

  it('keeps headers and body from the policy unless they are asked for', async () => {
    const { input, passed } = await asked(true);
    expect(input).toMatchObject({ request: { headers: {}, body: '' } });
    expect(passed).toEqual(request);
  });

  it('lets through with headers of the policy', async () => {
    const { status, passed } = await asked({ allow: true, additional_headers: { 'X-Claim': 'gold', Cookie: 'mine' } });
    expect(status).toBe(200);
    expect(passed!.headers).toEqual({ ...request.headers, 'x-claim': 'gold', cookie: 'mine' });
  });

  it.each<[unknown, number, object]>([
    [false, 401, {}],
    [{}, 401, {}],
    [{ allow: false, status_code: 301, additional_headers: { Location: '/login' } }, 301, { location: '/login' }],
  ])('refuses where the policy says %j', async (says, status, headers) => {
    const answer = await asked(says, { defaultStatus: 401 });
    expect(answer).toMatchObject({ status, headers, passed: undefined });
    expect(answer.headers).not.toHaveProperty('x-dapr-opa-error');
  });

  it.each([[new Error('broken')], ['yes'], [1], [null], [{ allow: 'yes' }], [{ additional_headers: { a: 1 } }]])(
    'refuses, and tells that it failed, where the policy says %p',
    async (says) => {
      const answer = await asked(says);
      expect(answer).toMatchObject({ status: 403, headers: { 'x-dapr-opa-error': 'true' }, passed: undefined });
    },
  );

  it('says what is wrong with its settings', async () => {
    const open = (metadata: Record<string, string>) =>
      openComponent(component, metadata, { name: 'mine', log: silentLogger, signal, env: {} });
    await expect(open({})).rejects.toThrow('rego, policyFile: give one of the two');
    await expect(open({ rego: 'package http', opaProgram: '/none/opa' })).rejects.toThrow('compile the policy ahead');
    await expect(open({ policyFile: '/none/bundle.tar.gz' })).rejects.toThrow('policyFile: ENOENT');
    await expect(open({ policyFile: import.meta.filename })).rejects.toThrow('neither a bundle');
    await expect(open({ rego: 'x', defaultStatus: '99' })).rejects.toThrow(
      'defaultStatus: 99 is not within 100 and 599',
    );
  });
});
