import { describe, expect, it } from '#kit/testing/test.ts';
import { authorizer } from './authorize.ts';

const account = (name: string) => ({ username: `system:serviceaccount:${name}` });

describe('authorizer', () => {
  it('always lets administrators and the controllers of Kubernetes have sidecars', () => {
    const authorized = authorizer(['custom-ns:custom-sa']);
    expect(authorized({ groups: ['system:authenticated', 'system:masters'] })).toBe(true);
    expect(authorized(account('kube-system:replicaset-controller'))).toBe(true);
    expect(authorized(account('kube-system:job-controller'))).toBe(true);
  });

  it.each([
    ['custom-ns:custom-sa', 'custom-ns:custom-sa', true],
    ['custom-ns:custom-sa', 'custom-ns:other-sa', false],
    ['custom-ns:custom-sa', 'other-ns:custom-sa', false],
    ['staging-?:deploy', 'staging-A:deploy', true],
    ['staging-?:deploy', 'staging-AB:deploy', false],
    ['proj-*:sa-*', 'proj-alpha:sa-runner', true],
    ['proj-*:sa-*', 'other-ns:sa-runner', false],
    ['ns-[a-c]:x', 'ns-b:x', true],
    ['ns-[^a-c]:x', 'ns-b:x', false],
    ['a.b:x', 'a-b:x', false],
    ['Prod:x', 'prod:x', false],
  ])('with %s says of %s: %p', (pattern, name, expected) => {
    expect(authorizer([pattern])(account(name))).toBe(expected);
  });

  it.each([{}, { username: 'alice' }, { username: 'system:serviceaccount:only-a-namespace' }, account('a:b:c')])(
    'has nothing for %j',
    (user) => {
      expect(authorizer(['*:*'])(user)).toBe(false);
    },
  );

  it.each(['no-colon', 'a:b:c', ':', 'a:[', 'a:b\\'])('refuses the pattern %p', (pattern) => {
    expect(() => authorizer([pattern])).toThrow(/pattern|must be <namespace>:<name>/);
  });
});
