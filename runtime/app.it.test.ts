import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePorts } from '#e2e/ports.ts';
import { parseFlags } from '#kit/flags/parse.ts';
import { connect } from '#kit/grpc/client.ts';
import { createLogger } from '#kit/log/logger.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { runSidecar } from './app.ts';
import { configure } from './config.ts';
import { flags } from './flags.ts';

const store = `
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {name: orders}
spec: {type: state.in-memory}
`;

const deadlineMs = 60_000;

/** A sidecar in this process, with real ports and the resources of a folder. */
async function startSidecar(manifests: string, argv: string[] = [], env: Record<string, string> = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'sidecar-'));
  await writeFile(path.join(folder, 'all.yaml'), manifests);
  const [http, grpc, metrics, internal, publicPort] = (await freePorts(5)) as [number, number, number, number, number];
  const given = ['--app-id=shop', `--resources-path=${folder}`, '--dapr-listen-addresses=127.0.0.1', ...argv];
  const ports = [
    ...[`--dapr-http-port=${http}`, `--dapr-grpc-port=${grpc}`, `--metrics-port=${metrics}`],
    ...[`--dapr-internal-grpc-port=${internal}`, `--dapr-public-port=${publicPort}`],
  ];
  const lines: string[] = [];
  const abort = new AbortController();
  const ended = runSidecar(configure(parseFlags(flags, [...given, ...ports]), env), {
    log: createLogger({
      ...{ scope: 'dapr.runtime', level: 'info', write: (line) => void lines.push(line) },
      format: (_time, _level, message) => message,
    }),
    signal: abort.signal,
    stop: () => abort.abort(),
  });
  ended.catch(() => {});
  return {
    ...{ http: `http://127.0.0.1:${http}`, grpc: `127.0.0.1:${grpc}`, metrics: `http://127.0.0.1:${metrics}` },
    ...{ public: `http://127.0.0.1:${publicPort}`, lines, ended },
    stop: () => abort.abort(),
    async [Symbol.asyncDispose]() {
      abort.abort();
      await ended.catch(() => {});
      await rm(folder, { recursive: true });
    },
  };
}

const ready = (url: string) =>
  eventually(async () => expect((await fetch(`${url}/v1.0/healthz`)).status).toBe(204), deadlineMs);

describe('a sidecar', () => {
  it('serves what was saved over one door through the other, and counts it', async () => {
    await using sidecar = await startSidecar(store);
    await ready(sidecar.http);
    const saved = await fetch(`${sidecar.http}/v1.0/state/orders`, {
      method: 'POST',
      body: '[{"key":"a","value":{"n": 1.0}}]',
    });
    expect(saved.status).toBe(204);
    await using channel = connect({ target: sidecar.grpc });
    const { data } = await channel.unary(Dapr.method.getState, { storeName: 'orders', key: 'a' });
    expect(Buffer.from(data).toString()).toBe('{"n": 1.0}');
    const metrics = await (await fetch(sidecar.metrics)).text();
    expect(metrics).toContain(
      'dapr_http_server_request_count{app_id="shop",method="POST",path="/v1.0/state/orders",status="204"} 1',
    );
    expect(metrics).toContain(
      'dapr_component_state_count{app_id="shop",component="orders",namespace="",operation="get",success="true"} 1',
    );
  });

  it('shows health and metadata at its public port, without the token, and nothing else', async () => {
    await using sidecar = await startSidecar(store, [], { DAPR_API_TOKEN: 'secret' });
    await ready(sidecar.public);
    expect((await fetch(`${sidecar.public}/v1.0/metadata`)).status).toBe(200);
    expect((await fetch(`${sidecar.public}/v1.0/state/orders/a`)).status).toBe(404);
    expect((await fetch(`${sidecar.http}/v1.0/metadata`)).status).toBe(401);
  });

  it('serves profiles of itself when asked to', async () => {
    const [port] = (await freePorts(1)) as [number];
    await using sidecar = await startSidecar(store, ['--enable-profiling', `--profile-port=${port}`]);
    await ready(sidecar.http);
    const profile = await (await fetch(`http://127.0.0.1:${port}/debug/pprof/profile?seconds=0.1`)).json();
    expect(profile).toHaveProperty('nodes');
  });

  it('ends in order when its API says so', async () => {
    await using sidecar = await startSidecar(store);
    await ready(sidecar.http);
    expect((await fetch(`${sidecar.http}/v1.0/shutdown`, { method: 'POST' })).status).toBe(204);
    await sidecar.ended;
    expect(sidecar.lines.at(-1)).toBe('Daprd shutdown gracefully');
    await expect(fetch(`${sidecar.http}/v1.0/healthz`)).rejects.toThrow();
  });

  it('ends at once when that is forced', async () => {
    await using sidecar = await startSidecar(store);
    await ready(sidecar.http);
    const forced = { method: 'POST', headers: { 'dapr-force-shutdown': 'true' } };
    expect((await fetch(`${sidecar.http}/v1.0/shutdown`, forced)).status).toBe(204);
    await expect(sidecar.ended).rejects.toMatchObject({ key: 'forced-shutdown' });
  });

  it('does not start with a component that cannot be opened', async () => {
    await using sidecar = await startSidecar(store.replace('state.in-memory', 'state.none'));
    await expect(sidecar.ended).rejects.toThrow("couldn't find state store state.none/v1");
  });
});
