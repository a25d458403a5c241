import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { fakeClock } from '../testing/fake-clock.ts';
import { connectKube, flagFirst, inClusterFirst } from './connect.ts';
import { inClusterConnection } from './in-cluster.ts';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'outrigger-kubeconfig-'));
});

afterAll(() => rm(folder, { recursive: true }));

async function kubeconfig(user: string, cluster = 'server: https://example.test:6443'): Promise<string> {
  const file = path.join(folder, 'config');
  await writeFile(
    file,
    `current-context: c
contexts: [{name: c, context: {cluster: k, user: u, namespace: shop}}]
clusters: [{name: k, cluster: {${cluster}}}]
users: [{name: u, user: {${user}}}]
`,
  );
  return file;
}

describe('connectKube', () => {
  it('reads certificates named by file and the name to verify the server by', async () => {
    await writeFile(path.join(folder, 'crt'), 'CERT');
    await writeFile(path.join(folder, 'key'), 'KEY');
    const file = await kubeconfig(
      'client-certificate: crt, client-key: key',
      'server: https://127.0.0.1:1, certificate-authority-data: Q0E=, tls-server-name: cluster.local',
    );
    const connection = await connectKube({ order: flagFirst, kubeconfig: file, env: { KUBERNETES_SERVICE_HOST: 'x' } });
    expect(connection.tls).toEqual({
      ca: Buffer.from('CA'),
      cert: Buffer.from('CERT'),
      key: Buffer.from('KEY'),
      servername: 'cluster.local',
    });
    expect([connection.namespace, await connection.authorization()]).toEqual(['shop', undefined]);
  });

  it.each([
    ['token: abc', 'Bearer abc'],
    ['username: me, password: pw', `Basic ${Buffer.from('me:pw').toString('base64')}`],
    [
      'exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: echo, args: [\'{"status":{"token":"from-plugin"}}\']}',
      'Bearer from-plugin',
    ],
  ])('authorises a user with %s', async (user, value) => {
    const file = await kubeconfig(user);
    const connection = await connectKube({ order: inClusterFirst, kubeconfig: '', env: { KUBECONFIG: file } });
    expect(await connection.authorization()).toBe(value);
  });

  it('says what is wrong with a kubeconfig, and what it looked for when there is none', async () => {
    const file = await kubeconfig('token: x', 'server: "not a url"');
    const ask = (kubeconfig: string) => connectKube({ order: flagFirst, kubeconfig, env: {} });
    await expect(ask(file)).rejects.toThrow(`kubeconfig ${file}: server "not a url" is not a URL`);
    await expect(ask(`${folder}/none`)).rejects.toThrow(`cannot read kubeconfig ${folder}/none`);
    await expect(ask('')).rejects.toThrow('no Kubernetes API server to call');
  });
});

describe('inClusterConnection', () => {
  it('reads the token again once a minute', async () => {
    for (const [name, text] of Object.entries({ 'ca.crt': 'CA', namespace: 'here\n', token: 'one\n' }))
      await writeFile(path.join(folder, name), text);
    const clock = fakeClock();
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
    const connection = await inClusterConnection(env, folder, clock);
    expect([connection.server.host, connection.namespace]).toEqual(['[fd00::1]', 'here']);
    await writeFile(path.join(folder, 'token'), 'two');
    expect(await connection.authorization()).toBe('Bearer one');
    await clock.advance(60_000);
    expect(await connection.authorization()).toBe('Bearer two');
  });

  it('names the file that is missing', async () => {
    await expect(inClusterConnection({}, `${folder}/nowhere`)).rejects.toThrow(`cannot read ${folder}/nowhere/`);
  });
});
