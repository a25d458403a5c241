import { describe, expect, it } from '#kit/testing/test.ts';
import { clusterDomain } from './cluster-domain.ts';

describe('clusterDomain', () => {
  it("reads a pod's search list", () => {
    const text = 'nameserver 10.96.0.10\nsearch default.svc.k8s.example svc.k8s.example k8s.example\noptions ndots:5\n';
    expect(clusterDomain(text)).toBe('k8s.example');
  });

  it('knows nothing outside of a pod', () => {
    expect(clusterDomain('nameserver 1.1.1.1\nsearch home.example\n')).toBeUndefined();
    expect(clusterDomain('')).toBeUndefined();
  });
});
