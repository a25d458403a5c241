import { z } from 'zod';
import { defineComponent } from '#contracts/component.ts';
import { type Middleware, type MiddlewareRequest, plainAnswer, readBody } from '#contracts/middleware.ts';
import { integer, text, truth } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';
import type { Logger } from '#kit/log/logger.ts';
import { compileRego, loadPolicy, type Policy, readPolicy } from './opa-policy.ts';

export const component = defineComponent({
  type: 'middleware.http.opa',
  versions: ['v1'],
  title: 'Open Policy Agent',
  description:
    'Asks a policy, in package http, what it says in `allow` of each request: true, false, or an object of `allow`, `status_code` and `additional_headers`. The policy runs as WebAssembly within the sidecar. Rego source is compiled by the program `opa` when the component is loaded; without that program, compile it ahead with `opa build -t wasm -e http/allow` and name the bundle in `policyFile`.',
  settings: z.object({
    rego: text('Rego source, of the language before OPA 1.0 unless it imports `rego.v1`.').default(''),
    policyFile: text('File of a compiled policy: a bundle (`.tar.gz`) or its `policy.wasm`.', {
      example: '/policies/bundle.tar.gz',
    }).default(''),
    opaProgram: text('The program that compiles `rego`, a path or a name on the PATH.').default('opa'),
    defaultStatus: integer('Status of requests that are not allowed.', { min: 100, max: 599 }).default(403),
    includedHeaders: text('Headers that the policy sees, comma separated.', {
      example: 'Authorization, x-my-header',
    }).default(''),
    readBody: truth('Let the policy see the body.').default(false),
  }),
  open: async ({ rego, policyFile, opaProgram, ...settings }, { log, signal }) => {
    if ((rego === '') === (policyFile === ''))
      throw fault('invalid-metadata', 'rego, policyFile: give one of the two, the source or the compiled policy');
    const wasm = rego === '' ? await readPolicy(policyFile) : await compileRego(rego, opaProgram, signal);
    return opaCheck({ ...settings, policy: await loadPolicy(wasm, Date.now), log });
  },
});

export type OpaCheck = {
  policy: Policy;
  defaultStatus: number;
  includedHeaders: string;
  readBody: boolean;
  log: Logger;
};

/** On answers that are not the policy's, but because it failed. */
const errorHeader = { 'x-dapr-opa-error': 'true' };

/** Lets through what the policy allows. A policy that fails, or says nothing, allows nothing. */
export function opaCheck({ policy, defaultStatus, includedHeaders, readBody: seesBody, log }: OpaCheck): Middleware {
  const names = includedHeaders
    .split(',')
    .map((name) => name.replaceAll(' ', ''))
    .filter((name) => name !== '');
  const decide = (input: object): Decision => decision.parse(policy(input));
  return {
    async handle(request, next) {
      const body = seesBody ? await readBody(request.body) : undefined;
      let said: Decision;
      try {
        said = decide(inputOf(request, names, body));
      } catch (thrown) {
        log.warn(`Error processing rego policy: ${reasonOf(thrown)}`);
        return answer(defaultStatus, errorHeader);
      }
      if (!said.allow) return answer(said.status_code ?? defaultStatus, said.additional_headers);
      const headers = { ...request.headers, ...lowered(said.additional_headers) };
      return next({ ...request, ...(body && { body }), headers });
    },
    async [Symbol.asyncDispose]() {},
  };
}

type Decision = { allow: boolean; status_code?: number | undefined; additional_headers: Record<string, string> };

const decision = z.union([
  z.boolean().transform((allow): Decision => ({ allow, additional_headers: {} })),
  z.object({
    allow: z.boolean().default(false),
    status_code: z.int().min(100).max(599).optional(),
    additional_headers: z.record(z.string(), z.string()).default({}),
  }),
]);

/** What a policy sees, as in Dapr; header names are written as Go writes them. */
function inputOf({ method, url, headers }: MiddlewareRequest, names: readonly string[], body: Buffer | undefined) {
  const [raw = '', ...more] = url.split('?');
  const query = more.join('?');
  const path = decoded(raw);
  const included = names
    .map((name): [string, unknown] => [name, headers[name.toLowerCase()]])
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [canonical(name), [value].flat().join(', ')]);
  return {
    request: {
      method,
      path,
      path_parts: path.replace(/^\/+|\/+$/g, '').split('/'),
      raw_query: query,
      query: listed(new URLSearchParams(query)),
      headers: Object.fromEntries(included),
      scheme: '',
      body: body === undefined ? '' : String(body),
    },
  };
}

function listed(query: URLSearchParams): Record<string, string[]> {
  return Object.fromEntries([...query.keys()].map((name) => [name, query.getAll(name)]));
}

const canonical = (name: string): string =>
  name.toLowerCase().replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());

const lowered = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

const answer = (status: number, headers: Readonly<Record<string, string>>) =>
  plainAnswer(status, status === 403 ? 'Forbidden' : `${status}`, lowered(headers));

function reasonOf(thrown: unknown): string {
  if (thrown instanceof z.ZodError) return 'http.allow must be true, false or an object of the form that Dapr has';
  return typeof thrown === 'object' && thrown !== null && 'message' in thrown ? String(thrown.message) : String(thrown);
}
