import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { binaries } from '#e2e/cluster/binaries.ts';
import { type ControlPlane, startControlPlane } from '#e2e/cluster/control-plane.ts';
import { eventually } from '#e2e/eventually.ts';
import { applyKinds } from '#e2e/kinds.ts';
import { run } from '#e2e/run.ts';
import { parseFlags } from '#kit/flags/parse.ts';
import { healthTargets } from '#kit/health/targets.ts';
import { type KubeClient, kubeClient } from '#kit/kube/client.ts';
import { connectKube } from '#kit/kube/connect.ts';
import type { KubeObject } from '#kit/kube/object.ts';
import { resources } from '#kit/kube/resource.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { makeIssuer, makeRoot } from '#kit/pki/authority.ts';
import { certificatesPem } from '#kit/pki/certificate.ts';
import { privateKeyPem } from '#kit/pki/key.ts';
import type { Security } from '#kit/security/security.ts';
import { startWorkloadSecurity } from '#kit/security/workload.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '#kit/testing/test.ts';
import { runSentry } from './app.ts';
import { configure } from './config.ts';
import { flags } from './flags.ts';

const namespace = 'dapr-system';
const bundle = { namespace, name: 'dapr-trust-bundle' };
const sentryId = `spiffe://cluster.local/ns/${namespace}/dapr-sentry`;
type WithData = KubeObject & { data: Record<string, string> };

let cluster: ControlPlane;
let kube: KubeClient;
let folder: string;
let abort: AbortController;

beforeAll(async () => {
  cluster = await startControlPlane();
  kube = kubeClient(await connectKube({ order: ['flag'], kubeconfig: cluster.kubeconfig, env: {} }));
  const kubectl = path.join(await binaries('kubernetes'), 'kubectl');
  await applyKinds((args) => run(kubectl, ['--kubeconfig', cluster.kubeconfig, ...args]));
  for (const name of [namespace, 'store']) await kube.create(resources.namespaces, { metadata: { name } });
  const crd = {
    group: 'dapr.io',
    version: 'v1alpha1',
    plural: 'configurations',
    kind: 'Configuration',
    namespaced: true,
  };
  const spec = { mtls: { controlPlaneTrustDomain: 'cluster.local', sentryAddress: 'dapr-sentry:443' } };
  await kube.create(crd, { metadata: { namespace, name: 'daprsystem' }, spec });
  await kube.create(resources.serviceAccounts, { metadata: { namespace: 'store', name: 'shop-account' } });
  await kube.create(resources.pods, {
    metadata: { namespace: 'store', name: 'shop-0', annotations: { 'dapr.io/app-id': 'shop' } },
    spec: { serviceAccountName: 'shop-account', containers: [{ name: 'shop', image: 'shop:1' }] },
  });
});

afterAll(async () => {
  kube?.[Symbol.dispose]();
  await cluster?.[Symbol.asyncDispose]();
});

beforeEach(async () => {
  abort = new AbortController();
  folder = await mkdtemp(path.join(tmpdir(), 'sentry-it-'));
  for (const resource of [resources.secrets, resources.configMaps]) {
    await kube.delete(resource, bundle).catch(() => undefined);
    await kube.create(resource, { metadata: bundle });
  }
});

afterEach(async () => {
  abort.abort();
  await rm(folder, { recursive: true });
});

type Sentry = { port: number; ended: Promise<void>; stop(): void; messages: string[] };

async function startSentry(): Promise<Sentry> {
  const own = new AbortController();
  const signal = AbortSignal.any([abort.signal, own.signal]);
  const listening = Promise.withResolvers<number>();
  const messages: string[] = [];
  const tell = (message: string) => {
    messages.push(message);
    const port = /Running gRPC server on port (\d+)/.exec(message)?.[1];
    if (port) listening.resolve(Number(port));
  };
  const log = { ...silentLogger, info: tell, error: tell, warn: tell, scoped: () => log };
  const argv = ['port', 'healthz-port', 'metrics-port'].map((name) => `--${name}=0`);
  argv.push('--mode=kubernetes', '--trust-domain=cluster.local', '--listen-address=127.0.0.1');
  argv.push(`--kubeconfig=${cluster.kubeconfig}`, `--issuer-credentials=${folder}`);
  const config = configure(parseFlags(flags, argv), { NAMESPACE: namespace });
  const ended = runSentry(config, { log, signal, stop: () => own.abort() });
  ended.catch(listening.reject);
  return { port: await listening.promise, ended, stop: () => own.abort(), messages };
}

const secretItem = async (name: string) =>
  Buffer.from((await kube.get<WithData>(resources.secrets, bundle)).data?.[name] ?? '', 'base64').toString();
const published = async () => (await kube.get<WithData>(resources.configMaps, bundle)).data?.['ca.crt'];

/** A token for the pod, as the kubelet would project it. */
async function projectedToken(): Promise<string> {
  const at = { namespace: 'store', name: 'shop-account', subresource: 'token' };
  const pod = await kube.get(resources.pods, { namespace: 'store', name: 'shop-0' });
  const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'shop-0', uid: pod.metadata.uid };
  const request = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: [sentryId], boundObjectRef },
  };
  const answer = await kube.create<{ status: { token: string } }>(resources.serviceAccounts, request, at);
  const file = path.join(folder, 'token');
  await writeFile(file, answer.status.token);
  return file;
}

async function workload(sentry: Sentry, appId = 'shop', anchorsFile?: string): Promise<Security> {
  return startWorkloadSecurity({
    sentryAddress: `127.0.0.1:${sentry.port}`,
    controlPlaneTrustDomain: 'cluster.local',
    controlPlaneNamespace: namespace,
    namespace: 'store',
    appId,
    trustAnchors: anchorsFile === undefined ? { pem: (await published())! } : { file: anchorsFile },
    tokenFile: await projectedToken(),
    kubernetes: true,
    log: silentLogger,
    signal: abort.signal,
    targets: healthTargets(),
  });
}

describe('sentry on a real API server', () => {
  it('fills the empty trust bundle and certifies a pod by its projected token', async () => {
    const sentry = await startSentry();
    expect(await published()).toBe(await secretItem('ca.crt'));
    const security = await workload(sentry);
    expect(security.current().id).toEqual({ trustDomain: 'public', namespace: 'store', appId: 'shop' });
    expect(security.current().leaf.raw.toString('latin1')).toContain('"containerName":"shop"');
  });

  it('keeps its authority over a restart and mends the published anchors', async () => {
    const first = await startSentry();
    const issuer = await secretItem('issuer.crt');
    first.stop();
    await first.ended;
    const map = await kube.get<WithData>(resources.configMaps, bundle);
    await kube.update(resources.configMaps, { ...map, data: { 'ca.crt': 'something else' } });
    await startSentry();
    expect(await secretItem('issuer.crt')).toBe(issuer);
    expect(await published()).toBe(await secretItem('ca.crt'));
  });

  it('leaves one authority when two start at once, and both sign with it', async () => {
    const pair = await Promise.all([startSentry(), startSentry()]);
    const [one, other] = await Promise.all(pair.map((sentry) => workload(sentry)));
    expect(one!.current().chain[1]!.raw).toEqual(other!.current().chain[1]!.raw);
    expect(certificatesPem([one!.current().chain[1]!])).toBe(await secretItem('issuer.crt'));
  });

  it('ends with the reason when the bundle holds only part of an authority', async () => {
    const sentry = await startSentry();
    sentry.stop();
    await sentry.ended;
    const secret = await kube.get<WithData>(resources.secrets, bundle);
    const { 'issuer.key': _, ...rest } = secret.data;
    await kube.update(resources.secrets, { ...secret, data: rest });
    await expect(startSentry()).rejects.toThrow('issuer.key of Secret dapr-system/dapr-trust-bundle missing while');
  });

  it('rotates its root without a restart: distribute, sign, retire', async () => {
    const sentry = await startSentry();
    const anchors = path.join(folder, 'anchors.crt');
    const oldRoot = await secretItem('ca.crt');
    await writeFile(anchors, oldRoot);
    const security = await workload(sentry, 'shop', anchors);
    const firstIssuer = security.current().chain[1]!;

    const times = { now: new Date(), ttlMs: 86_400_000, skewMs: 900_000 };
    const root = await makeRoot('cluster.local', times);
    const issuer = await makeIssuer(root, sentryId, times);
    const newRoot = certificatesPem([root.certificate]);
    const replace = async (items: Record<string, string>) => {
      const secret = await kube.get<WithData>(resources.secrets, bundle);
      const encoded = Object.entries(items).map(([name, text]) => [name, Buffer.from(text).toString('base64')]);
      await kube.update(resources.secrets, { ...secret, data: { ...secret.data, ...Object.fromEntries(encoded) } });
      await writeFile(path.join(folder, 'touched'), String(performance.now()));
    };
    await replace({ 'ca.crt': oldRoot + newRoot });
    await eventually('both roots to be published', async () => (await published()) === oldRoot + newRoot || undefined);
    await writeFile(anchors, oldRoot + newRoot);
    await eventually(
      'both roots to be trusted',
      async () => security.trustAnchors() === oldRoot + newRoot || undefined,
    );
    await security.renew();
    expect(security.current().chain[1]!.raw).toEqual(firstIssuer.raw);

    await replace({ 'issuer.crt': certificatesPem([issuer.certificate]), 'issuer.key': privateKeyPem(issuer.key) });
    await eventually('the new issuer to sign', async () => {
      await security.renew();
      return security.current().chain[1]!.raw.equals(issuer.certificate.raw) || undefined;
    });

    await replace({ 'ca.crt': newRoot });
    await eventually('the old root to be gone', async () => (await published()) === newRoot || undefined);
    await writeFile(anchors, newRoot);
    await eventually('the old root to be distrusted', async () => security.trustAnchors() === newRoot || undefined);
    await security.renew();
    expect(await readFile(anchors, 'utf8')).toBe(newRoot);
  });
});
