import fc from 'fast-check';
import { describe, expect, it } from '#kit/testing/test.ts';
import { type AccessControl, readAccessList } from './access-list.ts';

const shop = { trustDomain: 'public', namespace: 'store', appId: 'shop' };

function list(operations: [name: string, action: string, ...verbs: string[]][], more: object = {}, http = true) {
  const policy = {
    ...shop,
    defaultAction: 'deny',
    operations: operations.map(([name, action, ...httpVerb]) => ({ name, action, httpVerb })),
    ...more,
  };
  const { decide } = readAccessList({ defaultAction: 'deny', policies: [policy] } as AccessControl, { http })!;
  return (path: string, verb = 'GET', caller: typeof shop | undefined = shop) => decide(caller, path, verb).allowed;
}

describe('an access list', () => {
  it('is none without a spec, and allows where no default is given', () => {
    expect(readAccessList(undefined, { http: true })).toBeUndefined();
    const open = readAccessList({ trustDomain: 'mine' } as AccessControl, { http: true })!;
    expect(open.trustDomain).toBe('mine');
    expect(open.decide(shop, 'x', 'GET')).toEqual({ allowed: true, by: 'global' });
  });

  it.each([
    ['another app', { ...shop, appId: 'till' }],
    ['another namespace', { ...shop, namespace: 'default' }],
    ['another trust domain', { ...shop, trustDomain: 'elsewhere' }],
    ['a caller without identity', undefined],
  ])('leaves %s to the default of all', (_name, caller) => {
    const spec = { defaultAction: 'deny', policies: [{ ...shop, defaultAction: 'allow' }] } as AccessControl;
    const { decide } = readAccessList(spec, { http: true })!;
    expect(decide(caller, 'x', 'GET')).toEqual({ allowed: false, by: 'global' });
    expect(decide(shop, 'x', 'GET')).toEqual({ allowed: true, by: 'app' });
  });

  it('covers what lies below a name; of several the shortest decides, then the first', () => {
    const may = list([
      ['/orders', 'allow', '*'],
      ['/orders/secret', 'deny', '*'],
      ['admin', 'deny', '*'],
    ]);
    expect([may('orders'), may('orders/1'), may('orders/secret'), may('admin'), may('other')]).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it('reads * as one segment and ** as any number', () => {
    const may = list([
      ['/one/*', 'allow', '*'],
      ['/any/**', 'allow', '*'],
      ['/in/*/name', 'allow', '*'],
      ['/pre*', 'allow', '*'],
    ]);
    const allowed = ['one', 'one/a', 'any', 'any/a/b/c', 'in/x/name', 'prefix', 'prefix/a'];
    const denied = ['one/a/b', 'in/x', 'in/x/y/name', 'xpre', 'onea'];
    expect(allowed.filter((path) => !may(path))).toEqual([]);
    expect(denied.filter((path) => may(path))).toEqual([]);
  });

  it('counts verbs and ignores case for HTTP apps', () => {
    const may = list([['/Orders', 'allow', 'GET', 'POST']]);
    expect([may('orders'), may('ORDERS', 'POST'), may('orders', 'DELETE'), may('orders', '')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('minds case and no verbs for gRPC apps', () => {
    const may = list([['/pkg.Svc/Get', 'allow', 'PUT']], {}, false);
    expect([may('/pkg.Svc/Get', ''), may('/pkg.svc/get', ''), may('/pkg.Svc/Set', '')]).toEqual([true, false, false]);
  });

  it('denies by an operation what its policy allows otherwise', () => {
    const may = list([['/admin', 'deny', '*']], { defaultAction: 'allow' });
    expect([may('orders'), may('admin'), may('admin/users')]).toEqual([true, false, false]);
  });

  it('names every policy that is not whole', () => {
    const spec = { policies: [{ appId: 'a' }, { appId: '', trustDomain: 'public', namespace: 'x' }] } as AccessControl;
    expect(() => readAccessList(spec, { http: true })).toThrow(
      'spec.accessControl.policies[0].trustDomain: is missing; spec.accessControl.policies[0].namespace: is missing; spec.accessControl.policies[1].appId: is missing',
    );
  });

  it('never allows a path outside of the one name it allows', () => {
    const may = list([['/public', 'allow', '*']]);
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[\w.~%;*-]{1,8}$/), { minLength: 1, maxLength: 5 }), (segments) => {
        expect(may(segments.join('/'))).toBe(segments[0]!.toLowerCase() === 'public');
      }),
    );
  });
});
