import { subscription } from '#crds/subscription.ts';
import { type Logger, silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { readSubscriptions } from './declared.ts';

const spec = { pubsubname: 'broker', topic: 'orders' };
const manifest = (name: string, more: object, rest: object = {}) =>
  subscription.parse({ apiVersion: 'dapr.io/v2alpha1', metadata: { name }, spec: { ...spec, ...more }, ...rest });

async function read(...manifests: ReturnType<typeof manifest>[]) {
  const errors: string[] = [];
  const log: Logger = { ...silentLogger, error: (text: string) => void errors.push(text) };
  return { read: await readSubscriptions(manifests, 'shop', log), errors };
}

describe('the Subscriptions of an app', () => {
  it('are read in both versions', async () => {
    const routes = { rules: [{ match: 'event.data.n > 1', path: '/many' }], default: '/rest' };
    const old = { apiVersion: 'dapr.io/v1alpha1', metadata: { name: 'old' }, spec: { ...spec, route: '/orders' } };
    const { read: all, errors } = await read(subscription.parse(old), manifest('new', { routes }));
    expect(errors).toEqual([]);
    expect(all.map(({ rules }) => rules.map(({ match, path }) => [match, path]))).toEqual([
      [['', '/orders']],
      [
        ['event.data.n > 1', '/many'],
        ['', '/rest'],
      ],
    ]);
  });

  it('are those in whose scopes it is', async () => {
    const theirs = manifest('theirs', { topic: 'b' }, { scopes: ['other'] });
    const { read: all } = await read(manifest('ours', { topic: 'a' }, { scopes: ['shop'] }), theirs);
    expect(all.map(({ topic }) => topic)).toEqual(['a']);
  });

  it('leave out the one whose rule is no CEL, by name', async () => {
    const broken = manifest('broken', { routes: { rules: [{ match: 'event.type ==', path: '/x' }] } });
    const { read: all, errors } = await read(broken, manifest('well', { topic: 'a' }));
    expect(all.map(({ topic }) => topic)).toEqual(['a']);
    expect(errors).toEqual([expect.stringMatching(/^Subscription broken is left out: "event.type ==" is not a CEL/)]);
  });
});
