import { describe, expect, it } from '@jest/globals';
import { AnswerCopy, CopyBudget } from './answer-copy.js';

const bytes = (length: number) => new Uint8Array(length);
const noRoom = () => false;

describe('AnswerCopy', () => {
  it('keeps what was written, in order, text as text', () => {
    const copy = new AnswerCopy(new CopyBudget(1_000, noRoom));
    copy.add(bytes(3));
    copy.add('é', 'latin1');
    expect(copy.body).toEqual([
      { bytes: bytes(3), encoding: 'utf8' },
      { bytes: 'é', encoding: 'latin1' },
    ]);
    expect(copy.isWhole).toBe(true);
  });

  it('is lost as a whole when its next piece has no room, and gives its own room back', () => {
    const budget = new CopyBudget(10, noRoom);
    const copy = new AnswerCopy(budget);
    copy.becomes('owed');
    copy.add(bytes(8));
    copy.add(bytes(3));
    copy.add(bytes(1));
    expect(copy.isWhole).toBe(false);
    expect(copy.body).toEqual([]);
    expect(budget.inUse).toBe(0);
  });

  it('makes older ones go where it will be asked for, and no sooner', () => {
    const older: AnswerCopy[] = [];
    const budget = new CopyBudget(10, (worth) => {
      if (worth !== 'owed') return false;
      const oldest = older.shift();
      oldest?.drop();
      return oldest !== undefined;
    });
    const first = new AnswerCopy(budget);
    first.becomes('owed');
    first.add(bytes(10));
    older.push(first);

    const passing = new AnswerCopy(budget);
    passing.add(bytes(1));
    expect([first.isWhole, passing.isWhole]).toEqual([true, false]);

    const precious = new AnswerCopy(budget);
    precious.becomes('owed');
    precious.add(bytes(6));
    expect([first.isWhole, precious.isWhole, budget.inUse]).toEqual([false, true, 6]);
  });

  it('has a small share of the room while its reader is there', () => {
    const budget = new CopyBudget(320, noRoom);
    const copy = new AnswerCopy(budget);
    copy.add(bytes(10));
    expect(copy.isWhole).toBe(true);
    copy.add(bytes(1));
    expect(copy.isWhole).toBe(false);
  });

  it('has no less room where what is kept fills the memory', () => {
    const budget = new CopyBudget(320, noRoom);
    const kept = new AnswerCopy(budget);
    kept.becomes('spare');
    kept.add(bytes(300));
    const passing = new AnswerCopy(budget);
    passing.add(bytes(10));
    expect(passing.isWhole).toBe(true);
    passing.becomes('owed');
    const next = new AnswerCopy(budget);
    next.add(bytes(10));
    expect([next.isWhole, budget.inUse]).toEqual([true, 320]);
  });

  it('asks only for the room of spare ones while it is spare itself', () => {
    const worths: string[] = [];
    const budget = new CopyBudget(10, (worth) => worths.push(worth) < 0);
    for (const worth of ['spare', 'owed'] as const) {
      const copy = new AnswerCopy(budget);
      copy.becomes(worth);
      copy.add(bytes(10));
      copy.add(bytes(1));
      expect(copy.isWhole).toBe(false);
    }
    expect(worths).toEqual(['spare', 'owed']);
  });

  it('lets go of the buffers that its pieces were cut from', () => {
    const copy = new AnswerCopy(new CopyBudget(1_000, noRoom));
    copy.add(new Uint8Array(65_536).subarray(10, 13));
    copy.settle();
    expect(copy.body.map((piece) => (piece.bytes as Uint8Array).buffer.byteLength)).toEqual([3]);
  });

  it('makes nothing go for what can never fit', () => {
    let asked = 0;
    const budget = new CopyBudget(10, () => ++asked > 0);
    const copy = new AnswerCopy(budget);
    copy.becomes('owed');
    copy.add(bytes(11));
    expect([copy.isWhole, asked]).toEqual([false, 0]);
  });
});
