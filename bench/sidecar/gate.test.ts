import { describe, expect, it } from '#kit/testing/test.ts';
import { worseThanGate } from './gate.ts';
import { row } from './rows.ts';

const name = 'CPU, state get over gRPC by bare node:http2';
const judged = (outrigger: number[], prototype: number[], of = name) =>
  worseThanGate([row(of, 'µs/request', { outrigger, prototype }, 'prototype')]);

describe('the gate on ratios', () => {
  it('keeps to the cheapest rounds, as other work on the machine spoils some', () => {
    expect(judged([35, 9, 30], [40, 32, 90])).toEqual([]);
  });

  it('tells what has become dearer in all of them', () => {
    expect(judged([24, 16, 17], [40, 32, 35])).toEqual([`${name} is 0.50 × prototype; the gate is at most 0.4`]);
  });

  it('leaves alone what has no bound', () => {
    expect(judged([9], [1], 'start')).toEqual([]);
  });
});
