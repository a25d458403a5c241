import fc from 'fast-check';
import { describe, expect, it } from '#kit/testing/test.ts';
import { StreamTable } from './stream-table.ts';

describe('the table of streams', () => {
  it('finds what was added until it is deleted', () => {
    const table = new StreamTable<{ id: number }>();
    table.add({ id: 1 });
    expect(table.get(1)).toEqual({ id: 1 });
    table.delete(1);
    expect([table.get(1), table.size]).toEqual([undefined, 0]);
  });

  it('takes the deletion of what is not there', () => {
    const table = new StreamTable<{ id: number }>();
    table.add({ id: 3 });
    table.delete(35);
    expect(table.size).toBe(1);
  });

  it('holds what a Map would, whatever comes and goes', () => {
    const numbers = fc.integer({ min: 0, max: 120 }).map((n) => n * 2 + 1);
    const steps = fc.array(fc.tuple(fc.boolean(), numbers), { maxLength: 400 });
    fc.assert(
      fc.property(steps, (all) => {
        const [table, model] = [new StreamTable<{ id: number }>(), new Map<number, { id: number }>()];
        for (const [adds, id] of all) {
          if (adds && !model.has(id)) {
            const stream = { id };
            table.add(stream);
            model.set(id, stream);
          } else if (!adds) {
            table.delete(id);
            model.delete(id);
          }
          expect(table.get(id)).toBe(model.get(id));
        }
        expect(new Set(table.all())).toEqual(new Set(model.values()));
        expect(table.size).toBe(model.size);
        for (const id of model.keys()) expect(table.get(id)).toBe(model.get(id));
      }),
    );
  });
});
