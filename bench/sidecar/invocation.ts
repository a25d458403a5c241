import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { create, toBinary } from '@bufbuild/protobuf';
import { eventually } from '#e2e/eventually.ts';
import { freePorts } from '#e2e/ports.ts';
import { start } from '#e2e/process.ts';
import { frame } from '#kit/grpc/frame.ts';
import { HTTPExtension_Verb } from '#proto/dapr/proto/common/v1/common_pb.js';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { startAuthority } from './authority.ts';
import { onLoadCore } from './cores.ts';
import { measureLatency } from './latency.ts';
import { type Load, saturate } from './load.ts';
import { alternate, measure, type Sample } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { isOpen } from './port.ts';
import type { Row } from './result.ts';
import { costAndThroughput } from './state.ts';
import { type Sidecar, type SidecarOptions, type Subject, startSidecar } from './subject.ts';

type Pair = { pids: number[]; caller: Sidecar; id: string; url(path: string): string };
type Pairs = ReadonlyMap<string, Pair>;

/** V8's compilers are at work for some 20,000 calls of two sidecars. What is measured is what a server that runs on costs. */
const warmUpRounds = 5;
const large = Buffer.alloc(1_000_000, 7);
const fewer = (options: BenchOptions, times: number): BenchOptions => ({
  ...options,
  requests: Math.ceil(options.requests / times),
});

/**
 * Invocation app ← sidecar ← sidecar: its cost in each form, with and without mTLS, and the latency it adds to calling the
 * app. Metrics are on; with mTLS each call is checked against access rules.
 */
export async function measureInvocation(subjects: readonly Subject[], options: BenchOptions): Promise<Row[]> {
  const rows: Row[] = [];
  for (const secure of [true, false]) rows.push(...(await measureForms(subjects, options, secure)));
  return rows;
}

async function measureForms(subjects: readonly Subject[], options: BenchOptions, secure: boolean): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-invocation-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const identity = secure ? await startAuthority(folder, stack) : {};
  const rules = secure ? await writeRules(folder, subjects) : undefined;
  const [http, grpc] = [await startApp('app.ts', folder, stack), await startApp('grpc-app.ts', folder, stack)];
  const pairs = new Map<string, Pair>();
  const grpcPairs = new Map<string, Pair>();
  for (const subject of subjects) {
    pairs.set(subject.name, await startPair(subject, { protocol: 'http', port: http, identity, rules }, stack));
    grpcPairs.set(subject.name, await startPair(subject, { protocol: 'grpc', port: grpc, identity, rules }, stack));
  }
  const suffix = secure ? ', mTLS' : '';
  const small = fewer(options, 5);
  const page = ({ url }: Pair): Load => ({ url: url('page'), protocol: 'http' });
  const echo = ({ url }: Pair): Load => ({ url: url('echo'), protocol: 'http', body: large });
  return [
    ...(await cost(`invocation of 1 KB through two sidecars, HTTP${suffix}`, pairs, page, small)),
    ...(await cost(`invocation with 1 MB through two sidecars, HTTP${suffix}`, pairs, echo, fewer(options, 200))),
    ...(await cost(`invocation of 1 KB through two sidecars, InvokeService${suffix}`, pairs, invokeService, small)),
    ...(await cost(`invocation of 1 KB through two sidecars, proxied gRPC${suffix}`, grpcPairs, proxied, small)),
    ...(await measureLatency({ urls: pagesOf(pairs), app: http, suffix, rounds: options.rounds, folder })),
  ];
}

async function startApp(file: string, folder: string, stack: AsyncDisposableStack): Promise<number> {
  const [port] = (await freePorts(1)) as [number];
  const app = ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, file), String(port)];
  const [command, ...args] = onLoadCore([process.execPath, ...app]);
  stack.use(start(file, command!, args, { log: join(folder, file) }));
  await eventually(`${file} to listen`, async () => ((await isOpen(port)) ? true : undefined));
  return port;
}

const callerOf = (protocol: string, { name }: Subject): string => `bench-${protocol}-caller-${name}`;

/** A Configuration that lets the callers ask for what is measured, and nobody else for anything; answers its file. */
async function writeRules(folder: string, subjects: readonly Subject[]): Promise<string> {
  const names = ['/page', '/echo', '/bench.App/**'];
  const operations = names.map((name) => ({ name, httpVerb: ['*'], action: 'allow' }));
  const caller = { trustDomain: 'public', namespace: 'default', defaultAction: 'deny', operations };
  const policies = subjects.flatMap((subject) =>
    ['http', 'grpc'].map((protocol) => ({ appId: callerOf(protocol, subject), ...caller })),
  );
  const spec = { accessControl: { defaultAction: 'deny', trustDomain: 'public', policies } };
  const file = join(folder, 'rules.yaml');
  await writeFile(
    file,
    JSON.stringify({ apiVersion: 'dapr.io/v1alpha1', kind: 'Configuration', metadata: { name: 'rules' }, spec }),
  );
  return file;
}

type PairOptions = {
  protocol: 'http' | 'grpc';
  /** The app's. */
  port: number;
  identity: SidecarOptions;
  /** A Configuration of the called side. */
  rules: string | undefined;
};

async function startPair(
  subject: Subject,
  { protocol, port, identity, rules }: PairOptions,
  stack: AsyncDisposableStack,
): Promise<Pair> {
  const id = `bench-${protocol}-app-${subject.name}`;
  const flags = { ...identity.flags, 'app-protocol': protocol, ...(rules === undefined ? {} : { config: rules }) };
  const called = stack.use(await startSidecar(subject, { ...identity, appId: id, appPort: port, flags }));
  const appId = callerOf(protocol, subject);
  const caller = stack.use(await startSidecar(subject, { ...identity, appId }));
  const url = (path: string) => `http://${caller.http}/v1.0/invoke/${id}/method/${path}`;
  await eventually(`${subject.name} to invoke`, async () => ((await fetch(url('page'))).ok ? true : undefined));
  return { pids: [called.pid, caller.pid], caller, id, url };
}

/** `InvokeService`, towards the app that speaks HTTP. */
function invokeService({ caller, id }: Pair): Load {
  const { input, parent, name } = Dapr.method.invokeService;
  const request = { id, message: { method: 'page', httpExtension: { verb: HTTPExtension_Verb.GET } } };
  const body = frame(toBinary(input, create(input, request)));
  return { url: `http://${caller.grpc}/${parent.typeName}/${name}`, protocol: 'grpc', body };
}

/** A service of the app's own, passed on undecoded. */
function proxied({ caller, id }: Pair): Load {
  return {
    url: `http://${caller.grpc}/bench.App/Page`,
    protocol: 'grpc',
    headers: { 'dapr-app-id': id },
    body: frame(Buffer.alloc(100, 1)),
  };
}

async function cost(
  name: string,
  pairs: Pairs,
  load: (pair: Pair) => Load,
  { rounds, requests }: BenchOptions,
): Promise<Row[]> {
  for (const pair of pairs.values()) await saturate(load(pair), requests * warmUpRounds);
  const tasks = [...pairs].map(([subject, pair]) => [subject, () => measure(pair.pids, load(pair), requests)]);
  const samples: Record<string, Sample[]> = await alternate(Object.fromEntries(tasks), rounds + 1);
  return costAndThroughput(name, samples);
}

const pagesOf = (pairs: Pairs): Record<string, string> =>
  Object.fromEntries([...pairs].map(([subject, pair]) => [subject, pair.url('page')]));
