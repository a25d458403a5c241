import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { explain } from './explain.ts';
import { explainQuestion } from './explain-question.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'explain-'));
  const resiliency = {
    kind: 'Resiliency',
    metadata: { name: 'calm' },
    spec: {
      policies: {
        timeouts: { short: '2s', DefaultStatestoreComponentOutboundTimeoutPolicy: '9s' },
        retries: { again: { policy: 'constant', duration: '10ms', maxRetries: 2 } },
      },
      targets: { apps: { till: { timeout: 'short', retry: 'again' } } },
    },
  };
  const accessControl = {
    defaultAction: 'deny',
    policies: [
      {
        ...{ appId: 'shop', namespace: 'default', trustDomain: 'public', defaultAction: 'deny' },
        operations: [{ name: '/pay/**', httpVerb: ['POST'], action: 'allow' }],
      },
    ],
  };
  await writeFile(path.join(folder, 'calm.yaml'), JSON.stringify(resiliency));
  await writeFile(path.join(folder, 'config.yml'), JSON.stringify({ kind: 'Configuration', spec: { accessControl } }));
});

afterAll(() => rm(folder, { recursive: true }));

const ask = (question: object) => {
  const files = { appId: 'shop', resourcesPaths: [folder], configs: [path.join(folder, 'config.yml')] };
  return explain(explainQuestion.parse({ ...files, ask: question }), {});
};

describe('explaining a call', () => {
  it('names the policies of an app, with their settings and resource', async () => {
    const settings = { policy: 'constant', duration: '10ms', maxRetries: 2 };
    expect(await ask({ about: 'app', name: 'till' })).toMatchObject({
      by: 'target',
      policies: [
        { part: 'timeout', policy: 'short', settings: '2s', resource: 'calm' },
        { part: 'retry', policy: 'again', settings, resource: 'calm' },
        { part: 'circuitBreaker', policy: '' },
      ],
    });
  });

  it('takes manifests in place of files, and tells of those that it cannot read', async () => {
    const spec = { policies: { timeouts: { long: '1m' } }, targets: { apps: { till: { timeout: 'long' } } } };
    const named = (name: string, more: object) => ({ kind: 'Resiliency', metadata: { name }, ...more });
    const resiliencies = [
      named('cluster', { spec }),
      named('elsewhere', { spec: { ...spec, policies: { timeouts: { long: '1h' } } }, scopes: ['mail'] }),
      named('broken', { spec: { targets: { apps: 1 } } }),
    ];
    const accessControl = { defaultAction: 'deny' };
    const about = (ask: object, configuration?: object) =>
      explain(explainQuestion.parse({ appId: 'shop', manifests: { resiliencies, configuration }, ask }), {});
    expect(await about({ about: 'app', name: 'till' })).toMatchObject({
      policies: [{ policy: 'long', settings: '1m', resource: 'cluster' }, {}, {}],
      problems: [expect.stringContaining('broken')],
    });
    const access = { about: 'access', appId: 'shop', method: '/pay' };
    expect(await about(access, { kind: 'Configuration', spec: { accessControl } })).toMatchObject({ allowed: false });
    expect(await about(access)).toMatchObject({ allowed: true });
  });

  it('shows the built-in retries of an app that no resource names', async () => {
    const { policies } = (await ask({ about: 'app', name: 'cart' })) as { policies: { policy: string }[] };
    expect(policies[1]).toMatchObject({ policy: 'DaprBuiltInServiceRetries', resource: 'built in' });
  });

  it('falls back on default policies, by the kind of component', async () => {
    const timeout = { policy: 'DefaultStatestoreComponentOutboundTimeoutPolicy', settings: '9s' };
    expect(await ask({ about: 'component', name: 'store', kind: 'Statestore' })).toMatchObject({
      by: 'default',
      policies: [timeout, {}, {}],
    });
    expect(await ask({ about: 'component', name: 'bus', kind: 'Pubsub' })).toMatchObject({
      policies: [{ policy: '' }, {}, {}],
    });
  });

  it('decides on access as the sidecar does, and names the rule', async () => {
    const call = { about: 'access', appId: 'shop', method: '/pay/1' };
    expect(await ask({ ...call, verb: 'POST' })).toEqual({
      about: 'access',
      allowed: true,
      by: 'app',
      rule: '/pay/**',
    });
    expect(await ask({ ...call, verb: 'GET' })).toMatchObject({ allowed: false, rule: '/pay/**' });
    expect(await ask({ ...call, appId: 'thief', verb: 'POST' })).toMatchObject({ allowed: false, by: 'global' });
  });
});
