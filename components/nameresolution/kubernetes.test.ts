import { isUnseen } from '#kit/errors/unseen.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { createKubernetesNames } from './kubernetes.ts';

const query = { appId: 'shop', namespace: 'prod', port: 50_002 };

function names(settings: { clusterDomain: string; template?: string } = { clusterDomain: 'cluster.local' }) {
  const asked: string[] = [];
  const clock = { ms: 0 };
  const find = async (host: string) => {
    asked.push(host);
    return [{ address: '10.0.0.1' }, { address: 'fd00::1' }];
  };
  return { resolver: createKubernetesNames(settings, find, () => clock.ms), asked, clock };
}

describe('nameresolution.kubernetes', () => {
  it('answers every address behind the Service of the app', async () => {
    const { resolver, asked } = names();
    expect(await resolver.resolve(query)).toEqual(['10.0.0.1:50002', '[fd00::1]:50002']);
    expect(asked).toEqual(['shop-dapr.prod.svc.cluster.local']);
  });

  it('asks the DNS again only after a while', async () => {
    const { resolver, asked, clock } = names();
    await resolver.resolve(query);
    await resolver.resolve(query);
    expect(asked).toHaveLength(1);
    clock.ms = 3_000;
    await resolver.resolve(query);
    expect(asked).toHaveLength(2);
  });

  it('takes name and port from the template', async () => {
    const { resolver } = names({ clusterDomain: 'x', template: '{{.ID}}.{{ .Namespace }}.mesh:99' });
    expect(await resolver.resolve(query)).toEqual(['10.0.0.1:99', '[fd00::1]:99']);
  });

  it('says which app and host cannot be found, as of a peer that cannot be reached', async () => {
    const lost = createKubernetesNames(
      { clusterDomain: 'c' },
      () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' })),
      Date.now,
    );
    const problem = await lost.resolve(query).catch((thrown: unknown) => thrown);
    expect(problem).toMatchObject({
      key: 'unavailable',
      message: "couldn't find service: shop (shop-dapr.prod.svc.c: ENOTFOUND)",
    });
    expect(isUnseen(problem)).toBe(true);
  });
});
