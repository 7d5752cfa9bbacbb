import { describe, expect, it } from '@jest/globals';
import { BATCH_TURN, FairQueue, type Waiting } from './fair-queue.js';

const aRequest = (key: string, over: Partial<Waiting> = {}): Waiting => ({
  key,
  weight: 1,
  priority: 'interactive',
  images: 1,
  ...over,
});

function queueOf(...requests: readonly Waiting[]): FairQueue<Waiting> {
  const queue = new FairQueue<Waiting>();
  for (const request of requests) queue.add(request);
  return queue;
}

/** The keys in the order of their turns. */
function turns(queue: FairQueue<Waiting>, count = Infinity): string[] {
  const served: string[] = [];
  for (let next = queue.next(); next && served.length < count; next = queue.next()) {
    queue.serve(next);
    served.push(next.key);
  }
  return served;
}

const many = (key: string, count: number, over: Partial<Waiting> = {}): Waiting[] =>
  Array.from({ length: count }, () => aRequest(key, over));

describe('FairQueue', () => {
  it('serves a key in the order it asked', () => {
    const [first, second] = [aRequest('a'), aRequest('a')];
    const queue = queueOf(first, second);
    expect(queue.next()).toBe(first);
    queue.serve(first);
    expect(queue.next()).toBe(second);
  });

  it('does not let many of one key hold up the few of others', () => {
    const queue = queueOf(...many('many', 500), ...many('b', 2), ...many('c', 2));
    expect(turns(queue, 6).toSorted()).toEqual(['b', 'b', 'c', 'c', 'many', 'many']);
  });

  it('shares by weight', () => {
    const queue = queueOf(...many('light', 100), ...many('heavy', 100, { weight: 3 }));
    expect(turns(queue, 40).filter((key) => key === 'heavy')).toHaveLength(30);
  });

  it('shares pictures, not requests', () => {
    const queue = queueOf(...many('six', 100, { images: 6 }), ...many('one', 100));
    expect(turns(queue, 35).filter((key) => key === 'six')).toHaveLength(5);
  });

  it('gives a key that comes back no more than its share', () => {
    const queue = queueOf(...many('a', 50), ...many('b', 50));
    const served: string[] = [];
    for (let turn = 0; turn < 30; turn++) {
      queue.add(aRequest('returns'));
      served.push(...turns(queue, 1));
    }
    expect(served.filter((key) => key === 'returns').length).toBeLessThanOrEqual(11);
  });

  it('serves interactive before batch, and batch one time in ten', () => {
    const queue = queueOf(...many('batch', 50, { priority: 'batch' }), ...many('person', 50));
    const served = turns(queue, 40);
    expect(served.slice(0, BATCH_TURN - 1)).not.toContain('batch');
    expect(served.filter((key) => key === 'batch')).toHaveLength(4);
  });

  it('passes over those that do not fit', () => {
    const queue = queueOf(aRequest('a'), aRequest('b', { images: 0 }));
    expect(queue.next(({ images }) => images === 0)?.key).toBe('b');
  });

  it('forgets one that waits no more', () => {
    const request = aRequest('a');
    const queue = queueOf(request);
    expect([queue.remove(request), queue.remove(request), queue.length]).toEqual([true, false, 0]);
    expect(queue.next()).toBeUndefined();
  });

  it('knows how many go before', () => {
    const queue = queueOf(...many('many', 500), ...many('a', 2), ...many('later', 30, { priority: 'batch' }));
    expect(queue.ahead(aRequest('new'))).toBe(2);
    expect(queue.ahead(aRequest('a'))).toBe(2 + 3);
    expect(queue.ahead(aRequest('many'))).toBe(502 + 30);
    expect(queue.ahead(aRequest('new', { priority: 'batch' }))).toBe(1 + 18);
  });
});
