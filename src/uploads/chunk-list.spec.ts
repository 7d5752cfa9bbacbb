import { describe, expect, it } from '@jest/globals';
import { ChunkList, headOf } from './chunk-list.js';

describe('ChunkList', () => {
  it('hands over its chunks uncopied and starts again', () => {
    const chunks = new ChunkList();
    const chunk = Buffer.from('abc');
    chunks.push(chunk);
    expect(chunks.bytes).toBe(3);
    expect(chunks.takeAll()[0]).toBe(chunk);
    expect(chunks.bytes).toBe(0);
    expect(chunks.takeAll()).toEqual([]);
  });

  it('joins a body that comes byte by byte, so that no chunk costs more than its bytes', () => {
    const chunks = new ChunkList();
    const text = 'x'.repeat(2_000) + 'y'.repeat(100);
    for (const char of text) chunks.push(Buffer.from(char));
    const all = chunks.takeAll();
    expect(all.length).toBeLessThan(600);
    expect(Buffer.concat(all).toString()).toBe(text);
  });
});

describe('headOf', () => {
  it.each([
    ['ab', 2],
    ['abc', 3],
    ['abcd', 4],
    ['abcdef', 9],
  ])('gives %j for at most %i bytes', (head, max) => {
    const chunks = ['abc', 'd', 'ef'].map((text) => Buffer.from(text));
    expect(Buffer.from(headOf(chunks, max)).toString()).toBe(head);
  });

  it('gives nothing of nothing', () => {
    expect(headOf([], 10)).toHaveLength(0);
  });
});
