import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { fault } from '#kit/errors/fault.ts';

/** What `data.http.allow` is for an input. Throws where the policy fails, or says nothing of the input. */
export type Policy = (input: object) => unknown;

const entrypoint = 'http/allow';

/** A program that could not be run, or said no. */
type Failed = NodeJS.ErrnoException & { stdout?: string; stderr?: string };

/** Compiles Rego by the program `opa`. Throws `invalid-metadata` with what the compiler says. */
export async function compileRego(source: string, program: string, signal: AbortSignal): Promise<Buffer> {
  const { execFile } = await import('node:child_process');
  const folder = await mkdtemp(join(tmpdir(), 'opa-'));
  const bundle = join(folder, 'bundle.tar.gz');
  const module = join(folder, 'inline.rego');
  try {
    await writeFile(module, source);
    const args = ['build', '--v0-compatible', '-t', 'wasm', '-e', entrypoint, '-o', bundle, module];
    await promisify(execFile)(program, args, { signal, timeout: 60_000 });
    return await readPolicy(bundle);
  } catch (cause) {
    const { code, stdout = '', stderr = '', message } = cause as Failed;
    const said = `${stdout}${stderr}`.trim().replaceAll(`${folder}/`, '');
    const advice = `put it on the PATH, name it in opaProgram, or compile the policy ahead (opa build -t wasm -e ${entrypoint}) and name the bundle in policyFile`;
    const why = code === 'ENOENT' ? `the program ${program} that compiles it is not there: ${advice}` : said || message;
    throw fault('invalid-metadata', `rego: ${why}`, { cause });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The WebAssembly of a compiled policy, or of a bundle that holds one. Throws `invalid-metadata`. */
export async function readPolicy(path: string): Promise<Buffer> {
  const bytes = await readFile(path).catch((cause) => {
    throw fault('invalid-metadata', `policyFile: ${(cause as Error).message}`, { cause });
  });
  if (isWasm(bytes)) return bytes;
  const wasm = isGzip(bytes) ? fileOfTar(gunzipSync(bytes), 'policy.wasm') : undefined;
  if (wasm !== undefined && isWasm(wasm)) return wasm;
  throw fault('invalid-metadata', `policyFile: ${path} is neither a bundle with a policy.wasm nor WebAssembly`);
}

const isWasm = (bytes: Buffer): boolean => bytes.toString('latin1', 0, 4) === '\0asm';
const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

const blockBytes = 512;

/** A file of a tar archive in the ustar format, by its base name. */
function fileOfTar(tar: Buffer, name: string): Buffer | undefined {
  for (let at = 0; at + blockBytes <= tar.length; ) {
    const path = tar.toString('utf8', at, at + 100).replace(/\0.*$/s, '');
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 136), 8) || 0;
    const start = at + blockBytes;
    if (path.split('/').at(-1) === name) return tar.subarray(start, start + size);
    at = start + Math.ceil(size / blockBytes) * blockBytes;
  }
  return undefined;
}

/** What policies may call that is not compiled into them, beside what `opa-wasm` brings. */
const builtins = (now: () => number) => ({
  'io.jwt.decode': decodeJwt,
  'time.now_ns': () => now() * 1_000_000,
});

const ofLibrary = ['json.is_valid', 'regex.split', 'sprintf', 'yaml.is_valid', 'yaml.marshal', 'yaml.unmarshal'];

/** Loads a compiled policy; `now` is in milliseconds. Throws `invalid-metadata` where it needs what is not here. */
export async function loadPolicy(wasm: Buffer, now: () => number): Promise<Policy> {
  const own = builtins(now);
  const { loadPolicy: load } = await import('@open-policy-agent/opa-wasm');
  const policy = await load(new Uint8Array(wasm), undefined, own).catch((cause) => {
    throw fault('invalid-metadata', `the policy cannot be loaded: ${(cause as Error).message ?? cause}`, { cause });
  });
  if (!Object.hasOwn(policy.entrypoints, entrypoint))
    throw fault('invalid-metadata', `the policy has no entrypoint ${entrypoint}: build it with -e ${entrypoint}`);
  const had = new Set([...ofLibrary, ...Object.keys(own)]);
  const missing = neededBuiltins(policy).filter((name) => !had.has(name));
  if (missing.length > 0)
    throw fault('invalid-metadata', `the policy calls what compiled policies cannot here: ${missing.join(', ')}`);
  return (input) => {
    const [result] = policy.evaluate(input, entrypoint) as { result: unknown }[];
    if (result === undefined) throw new Error('the policy says nothing of the request: does it set data.http.allow?');
    return result.result;
  };
}

type Loaded = { mem: object; wasmInstance: unknown };
type Exports = { builtins(): number; opa_json_dump(address: number): number };

/** The names that a policy imports. Source: OPA's documentation of its WebAssembly ABI. */
function neededBuiltins({ mem, wasmInstance }: Loaded): string[] {
  const exports = (wasmInstance as { exports: Exports }).exports;
  const start = exports.opa_json_dump(exports.builtins());
  const bytes = Buffer.from((mem as { buffer: ArrayBuffer }).buffer);
  return Object.keys(JSON.parse(bytes.toString('utf8', start, bytes.indexOf(0, start))) as object);
}

/** Header, payload and signature (hex) of a token that is not verified; undefined, as OPA has it, where it is none. */
function decodeJwt(token: unknown): unknown {
  const parts = typeof token === 'string' ? token.split('.') : [];
  if (parts.length !== 3) return undefined;
  try {
    const [header, payload] = parts.slice(0, 2).map((part) => JSON.parse(String(Buffer.from(part, 'base64url'))));
    return [header, payload, Buffer.from(parts[2]!, 'base64url').toString('hex')];
  } catch {
    return undefined;
  }
}
