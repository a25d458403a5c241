import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type InteropPrograms, interopPrograms } from '#e2e/interop/programs.ts';
import { freePorts } from '#e2e/ports.ts';
import { type Process, start } from '#e2e/process.ts';
import { startRelay } from '#e2e/relay.ts';
import { run } from '#e2e/run.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { TestService } from '#proto/grpc/testing/test_pb.js';
import { type Channel, connect } from './client.ts';
import { createGrpcServer, type GrpcServer } from './server.ts';
import { interopCases } from './testing/interop-cases.ts';
import { interopService } from './testing/interop-service.ts';

const { emptyCall } = TestService.method;

/** What grpc-go's client can do without Google's clouds. */
const goCases = [
  'empty_unary',
  'large_unary',
  'client_streaming',
  'server_streaming',
  'ping_pong',
  'empty_stream',
  'timeout_on_sleeping_server',
  'cancel_after_begin',
  'cancel_after_first_response',
  'status_code_and_message',
  'special_status_message',
  'custom_metadata',
  'unimplemented_method',
  'unimplemented_service',
  'rpc_soak',
  'channel_soak',
];

/** Its soak tests, else, want ten calls within ten seconds, a new connection each, and an answer within one. */
const patient = ['-soak_overall_timeout_seconds=120', '-soak_per_iteration_max_acceptable_latency_ms=60000'];

const carriers = ['plaintext', 'TLS', 'a Unix socket'] as const;
const serverName = 'server.test.example.com';

let programs: InteropPrograms;
let folder: string;
let pem: { cert: string; key: string; ca: string };

beforeAll(async () => {
  programs = await interopPrograms();
  folder = await mkdtemp(join(tmpdir(), 'outrigger-interop-'));
  const read = (path: string) => readFile(path, 'utf8');
  pem = { cert: await read(programs.cert), key: await read(programs.key), ca: await read(programs.ca) };
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(carriers)('grpc-go’s interop client on our server, over %s', (carrier) => {
  let server: GrpcServer;
  let relay: AsyncDisposable | undefined;
  let port: number;

  beforeAll(async () => {
    const tls = carrier === 'TLS' ? { tls: { material: () => pem } } : {};
    server = await createGrpcServer({ services: [interopService()], log: silentLogger, ...tls });
    if (carrier === 'a Unix socket') {
      const path = join(folder, 'ours.sock');
      await server.listenSocket(path);
      [port] = (await freePorts(1)) as [number];
      relay = await startRelay({ port }, { path });
    } else port = await server.listen('127.0.0.1', 0);
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await relay?.[Symbol.asyncDispose]();
  });

  it.each(goCases)('passes %s', async (name) => {
    const args = [`-test_case=${name}`, '-server_host=127.0.0.1', `-server_port=${port}`];
    if (name.endsWith('_soak')) args.push(...patient);
    if (carrier === 'TLS') {
      args.push('-use_tls', '-use_test_ca', `-ca_file=${programs.ca}`, `-server_host_override=${serverName}`);
    }
    await run(programs.client, args);
  });
});

describe.each(carriers)('our client on grpc-go’s interop server, over %s', (carrier) => {
  let server: Process;
  let channel: Channel;

  beforeAll(async () => {
    const address =
      carrier === 'a Unix socket' ? join(folder, 'theirs.sock') : `127.0.0.1:${(await freePorts(1)).join()}`;
    const args = [`-network=${carrier === 'a Unix socket' ? 'unix' : 'tcp'}`, `-address=${address}`];
    if (carrier === 'TLS') args.push(`-cert=${programs.cert}`, `-key=${programs.key}`);
    server = start('interop server', programs.server, args, { log: join(folder, 'server.log') });
    channel = connect({
      target: carrier === 'a Unix socket' ? `unix:${address}` : address,
      ...(carrier === 'TLS' ? { tls: { material: () => ({ ca: pem.ca }), serverName } } : {}),
    });
    await channel.unary(emptyCall, {}, { waitForReady: true, timeoutMs: 60_000 });
  });

  afterAll(async () => {
    await channel[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  it.each(Object.keys(interopCases))('passes %s', (name) => interopCases[name]!(channel));
});

describe('our client on our server', () => {
  it.each(Object.keys(interopCases))('passes %s', async (name) => {
    await using server = await createGrpcServer({ services: [interopService()], log: silentLogger });
    await using channel = connect({ target: `127.0.0.1:${await server.listen('127.0.0.1', 0)}` });
    await interopCases[name]!(channel);
    expect(await channel.unary(emptyCall, {})).toBeDefined();
  });
});
