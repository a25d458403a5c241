import { describe, expect, it } from '#kit/testing/test.ts';
import { envFromSecrets, envNames, envOf } from './environment.ts';

describe('envOf', () => {
  it.each([
    ['A=1,B=2', { A: '1', B: '2' }],
    ['A=1, B=2', { A: '1', B: '2' }],
    ['A=x,y,z,B=2', { A: 'x,y,z', B: '2' }],
    ['A=http://h?a=b,c=d', { A: 'http://h?a=b', c: 'd' }],
    ['nothing', {}],
    ['', {}],
    ['A=', { A: '' }],
  ])('reads %p', (text, variables) => {
    expect(Object.fromEntries(envOf(text).map(({ name, value }) => [name, value]))).toEqual(variables);
  });
});

describe('envFromSecrets', () => {
  it('takes the secret with the key, or the secret as its own key', () => {
    expect(envFromSecrets('A=secret:key, B=plain')).toEqual([
      { name: 'A', valueFrom: { secretKeyRef: { name: 'secret', key: 'key' } } },
      { name: 'B', valueFrom: { secretKeyRef: { name: 'plain', key: 'plain' } } },
    ]);
  });

  it('leaves out what has more than one colon', () => {
    expect(envFromSecrets('A=a:b:c')).toEqual([]);
  });
});

describe('envNames', () => {
  it('lists the names of both texts in order', () => {
    expect(envNames('B=1,A=2', 'C=s')).toEqual(['B', 'A', 'C']);
  });
});
