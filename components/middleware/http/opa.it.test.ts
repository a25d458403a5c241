import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openComponent } from '#contracts/component.ts';
import type { Middleware, MiddlewareRequest } from '#contracts/middleware.ts';
import { opaProgram } from '#e2e/opa/program.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { component } from './opa.ts';

let program: string;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'opa-test-'));
  program = await opaProgram();
});
afterAll(() => rm(folder, { recursive: true }));

const open = (metadata: Record<string, string>): Promise<Middleware> =>
  openComponent(component, metadata, {
    name: 'mine',
    log: silentLogger,
    signal: new AbortController().signal,
    env: {},
  });

/** Status, headers that the app would get, and headers of the answer. */
async function ask(check: Middleware, url: string, headers: Record<string, string> = {}) {
  const request: MiddlewareRequest = { method: 'GET', url, headers, remoteAddress: '', body: Buffer.alloc(0) };
  let app: MiddlewareRequest['headers'] | undefined;
  const next = async (passed: MiddlewareRequest) => {
    app = passed.headers;
    return { status: 200, headers: {}, body: 'ok' };
  };
  const answer = await check.handle(request, next, new AbortController().signal);
  return { status: answer.status, answered: answer.headers, app };
}

const token = (payload: object) =>
  ['{"alg":"none"}', JSON.stringify(payload), ''].map((part) => Buffer.from(part).toString('base64url')).join('.');

/** The kind of policy that Dapr's users write: roles in a token, redirects, headers; in the language before OPA 1.0. */
const claims = `
package http
default allow = false
allow = {"allow": true, "additional_headers": {"x-role": role}} { role := jwt.payload.role; role != "none" }
allow = {"status_code": 301, "additional_headers": {"location": "https://my.site/authorize"}} { not jwt.payload.role }
jwt = {"payload": payload} {
  [_, token] := split(input.request.headers["Authorization"], " ")
  [_, payload, _] := io.jwt.decode(token)
}
`;

describe('middleware.http.opa with policies compiled by OPA itself', () => {
  it('takes Rego source as Dapr does', async () => {
    await using check = await open({ rego: claims, includedHeaders: 'authorization', opaProgram: program });
    const bearer = (payload: object) => ({ authorization: `Bearer ${token(payload)}` });
    expect(await ask(check, '/', bearer({ role: 'admin' }))).toMatchObject({ status: 200, app: { 'x-role': 'admin' } });
    expect(await ask(check, '/', bearer({ role: 'none' }))).toMatchObject({ status: 403, app: undefined });
    expect(await ask(check, '/')).toMatchObject({
      status: 301,
      answered: { location: 'https://my.site/authorize' },
      app: undefined,
    });
  });

  it('takes a bundle that was compiled ahead, of the present language', async () => {
    const source = join(folder, 'paths.rego');
    const bundle = join(folder, 'bundle.tar.gz');
    const rego = `package http
allow if input.request.path_parts[0] == "open"
allow if { input.request.query.key[_] == "secret"; time.now_ns() > 0; sprintf("%d", [1]) == "1" }
`;
    await writeFile(source, rego);
    await promisify(execFile)(program, ['build', '-t', 'wasm', '-e', 'http/allow', '-o', bundle, source]);
    await using check = await open({ policyFile: bundle, defaultStatus: '404' });
    expect(await ask(check, '/open/door')).toMatchObject({ status: 200 });
    expect(await ask(check, '/shut?key=secret')).toMatchObject({ status: 200 });
    expect(await ask(check, '/shut')).toMatchObject({ status: 404, answered: { 'x-dapr-opa-error': 'true' } });
    for (let i = 0; i < 20_000; i++) await ask(check, `/open/${i}`);
  });

  it('refuses to load what it could not run', async () => {
    const metadata = (rego: string) => ({ rego, opaProgram: program });
    await expect(open(metadata('package http\nallow { '))).rejects.toThrow(/^rego: .*rego_parse_error/s);
    await expect(open(metadata('package other\nallow { true }'))).rejects.toThrow(/http\/allow/);
    const calls = 'package http\nallow { http.send({"method": "GET", "url": "http://x"}).status_code == 200 }';
    await expect(open(metadata(calls))).rejects.toThrow('calls what compiled policies cannot here: http.send');
  });
});
