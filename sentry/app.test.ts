import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseFlags } from '#kit/flags/parse.ts';
import { connect } from '#kit/grpc/client.ts';
import { healthTargets } from '#kit/health/targets.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { startWorkloadSecurity } from '#kit/security/workload.ts';
import { afterEach, beforeEach, describe, expect, it } from '#kit/testing/test.ts';
import { CA } from '#proto/dapr/proto/sentry/v1/sentry_pb.js';
import { runSentry } from './app.ts';
import { configure } from './config.ts';
import { flags } from './flags.ts';

let folder: string;
let abort: AbortController;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sentry-'));
  abort = new AbortController();
});
afterEach(async () => {
  abort.abort();
  await rm(folder, { recursive: true });
});

/** Starts sentry on free ports; resolves with the port of its API. */
async function started() {
  const listening = Promise.withResolvers<number>();
  const info = (message: string) => {
    const port = /Running gRPC server on port (\d+)/.exec(message)?.[1];
    if (port) listening.resolve(Number(port));
  };
  const log = { ...silentLogger, info, scoped: () => silentLogger };
  const argv = ['port', 'healthz-port', 'metrics-port'].map((name) => `--${name}=0`);
  const config = configure(
    parseFlags(flags, [...argv, '--listen-address=127.0.0.1', `--issuer-credentials=${folder}`]),
    {},
  );
  const ended = runSentry(config, { log, signal: abort.signal, stop: () => abort.abort() });
  ended.catch(listening.reject);
  return { port: await listening.promise, ended };
}

const workload = async (port: number, more: { controlPlaneTrustDomain?: string; signal: AbortSignal }) =>
  startWorkloadSecurity({
    sentryAddress: `127.0.0.1:${port}`,
    controlPlaneTrustDomain: 'localhost',
    controlPlaneNamespace: 'default',
    namespace: 'default',
    appId: 'shop',
    trustAnchors: { pem: await readFile(path.join(folder, 'ca.crt'), 'utf8') },
    tokenFile: undefined,
    kubernetes: false,
    log: silentLogger,
    targets: healthTargets(),
    ...more,
  });

describe('sentry', () => {
  it('gives a workload its identity over TLS and ends when told to', async () => {
    const { port, ended } = await started();
    const security = await workload(port, { signal: abort.signal });
    expect(security.current().id).toEqual({ trustDomain: 'public', namespace: 'default', appId: 'shop' });
    abort.abort();
    await ended;
  });

  it('is not believed by a caller who expects another authority', async () => {
    const { port } = await started();
    const pem = await readFile(path.join(folder, 'ca.crt'), 'utf8');
    const verify = () => {
      throw new Error('not the sentry I know');
    };
    await using client = connect({ target: `127.0.0.1:${port}`, tls: { material: () => ({ ca: pem }), verify } });
    await expect(client.unary(CA.method.signCertificate, {}, { timeoutMs: 30_000 })).rejects.toThrow(
      'not the sentry I know',
    );
  });
});
