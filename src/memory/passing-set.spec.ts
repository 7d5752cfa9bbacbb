import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PassingSet } from './passing-set.js';

const member = (name: string) => ({ name, place: -1 });

describe('PassingSet', () => {
  it('holds what came in and has not left, whoever leaves first', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 9 }), { maxLength: 60 }), (names) => {
        const set = new PassingSet<ReturnType<typeof member>>();
        const inside = new Map<number, ReturnType<typeof member>>();
        for (const name of names) {
          const known = inside.get(name);
          if (known) {
            set.delete(known);
            inside.delete(name);
          } else {
            const fresh = member(String(name));
            set.add(fresh);
            inside.set(name, fresh);
          }
          expect(set.size).toBe(inside.size);
          expect([...set].map((one) => one.name).sort()).toEqual([...inside.keys()].map(String).sort());
        }
      }),
    );
  });
});
