import { describe, expect, it } from '#kit/testing/test.ts';
import { lastSlot, plan } from './plan.ts';

describe('plan', () => {
  it('shares nothing between the clusters of two folders and slots', () => {
    const [one, other] = [plan('/home/a/cluster', 0), plan('/home/b/cluster', lastSlot)];
    const { node, port, ...own } = one;
    expect([node, port]).toEqual([other.node, other.port]);
    for (const name of Object.keys(own)) expect(one).not.toHaveProperty(name, other[name as keyof typeof other]);
  });

  it('finds the same cluster for the same folder again', () => {
    expect(plan('/home/a/cluster', 3)).toEqual(plan('/home/a/cluster', 3));
  });

  it('keeps within what the kernel allows: interface names of 15, socket paths of 107 characters', () => {
    const { link, bridge, run } = plan(`/home/${'long/'.repeat(40)}cluster`, 0);
    expect(link.host.length).toBeLessThanOrEqual(15);
    expect(bridge.length).toBeLessThanOrEqual(15);
    expect(`${run}/containerd.sock.ttrpc`.length).toBeLessThanOrEqual(107);
  });
});
