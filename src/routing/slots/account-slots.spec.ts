import { describe, expect, it } from '@jest/globals';
import type { GatewayError } from '../../errors/gateway-error.js';
import { AccountSlots, SentElsewhere, type SlotRules, type Wish } from './account-slots.js';
import { LocalSlotClock } from './local-slot-clock.js';
import { ratesOf } from './slot-clock.js';

const NO_LIMITS = { requestsPerSecond: 0, requestsPerMinute: 0, imagesPerMinute: 0, parallelRequests: 0 };

const aWish = (over: Partial<Wish> = {}): Wish => ({
  key: 'a',
  weight: 1,
  priority: 'interactive',
  images: 1,
  signal: new AbortController().signal,
  waitUntil: performance.now() + 60_000,
  ...over,
});

/** Five requests a second and as many pictures as a test says. */
const slots = (over: Partial<SlotRules> & { images?: number } = {}) =>
  new AccountSlots({
    clock: new LocalSlotClock(ratesOf({ ...NO_LIMITS, requestsPerSecond: 5, imagesPerMinute: over.images ?? 0 })),
    parallel: 0,
    queueSize: 100,
    ...over,
  });

/** Lets one wait that the test is not about, until it is sent elsewhere. */
const wait = (account: AccountSlots): void => {
  Promise.resolve(account.enter(aWish())).catch((error: unknown) => {
    if (!(error instanceof SentElsewhere)) throw error;
  });
};

/** How many of so many requests get a slot at once, without a promise. */
const atOnce = (account: AccountSlots, count = 5): number =>
  Array.from({ length: count }, () => account.enter(aWish())).filter((slot) => !(slot instanceof Promise)).length;

describe('AccountSlots', () => {
  it('gives a free slot at once, without a promise', () => {
    expect(atOnce(slots(), 5)).toBe(5);
  });

  it('counts the first requests from later on: they open connections, and arrive later than they were written', async () => {
    const account = slots({ clock: new LocalSlotClock(ratesOf({ ...NO_LIMITS, requestsPerSecond: 1 })) });
    const began = performance.now();
    (await account.enter(aWish())).sent();
    await account.enter(aWish());
    expect(performance.now() - began).toBeGreaterThan(1_000 + 90);
  });

  it('lets those beyond the limit wait for the next second', async () => {
    const account = slots();
    const began = performance.now();
    atOnce(account);
    await Promise.all(Array.from({ length: 5 }, async () => account.enter(aWish())));
    expect(performance.now() - began).toBeGreaterThan(1_000);
    expect(account.waiting).toBe(0);
  });

  it('asks nobody to wait where there is no limit', () => {
    const account = slots({ clock: undefined });
    expect(atOnce(account, 1_000)).toBe(1_000);
  });

  it('lets no more than so many be under way at once', async () => {
    const account = slots({ clock: undefined, parallel: 1 });
    const first = await account.enter(aWish());
    const second = account.enter(aWish());
    await expect(Promise.race([second, Promise.resolve('waits')])).resolves.toBe('waits');
    first.leave();
    await expect(second).resolves.toHaveProperty('leave');
  });

  it('gives what is given back to the next: the turn and the place', async () => {
    const account = slots({ parallel: 5 });
    const held = Array.from({ length: 5 }, async () => account.enter(aWish()));
    expect(account.left).toBe(0);
    for (const slot of await Promise.all(held)) slot.giveBack();
    expect(account.left).toBe(5);
    expect(atOnce(account, 5)).toBe(5);
  });

  it('refuses at once what would wait too long, and says when to come back', () => {
    const account = slots();
    atOnce(account);
    for (let waiting = 0; waiting < 20; waiting++) wait(account);
    const enter = () => account.enter(aWish({ waitUntil: performance.now() + 2_000 }));
    expect(enter).toThrow(expect.objectContaining({ fault: 'queueFull', retryAfterSeconds: 6 }));
    account.scatter(new SentElsewhere());
  });

  it('refuses at once where the queue is full', () => {
    const account = slots({ queueSize: 1 });
    atOnce(account);
    wait(account);
    expect(() => account.enter(aWish())).toThrow(expect.objectContaining({ fault: 'queueFull', retryAfterSeconds: 2 }));
    account.scatter(new SentElsewhere());
  });

  it('refuses at once what would wait too long for another request to end, by how long they take', async () => {
    const account = slots({ clock: undefined, parallel: 2 });
    const first = await account.enter(aWish());
    await account.enter(aWish());
    const takes = (usualMs: number, mayWaitMs: number) => () =>
      account.enter(aWish({ usualMs, waitUntil: performance.now() + mayWaitMs }));
    expect(takes(8_000, 5_000)).toThrow(expect.objectContaining({ fault: 'queueFull', retryAfterSeconds: 8 }));
    const third = takes(8_000, 10_000)();
    const fourth = takes(8_000, 10_000)();
    expect(account.waiting).toBe(2);
    // Two rounds: those that wait go before.
    expect(takes(8_000, 10_000)).toThrow(expect.objectContaining({ fault: 'queueFull', retryAfterSeconds: 16 }));
    first.leave();
    await third;
    account.scatter(new SentElsewhere());
    await expect(fourth).rejects.toThrow(SentElsewhere);
  });

  it('sends away who waits in vain as soon as that is known', async () => {
    const clock = new LocalSlotClock(ratesOf({ ...NO_LIMITS, requestsPerSecond: 2 }));
    const account = slots({ clock });
    atOnce(account, 2);
    const began = performance.now();
    const waiting = account.enter(aWish({ waitUntil: began + 10_000 })) as Promise<unknown>;
    clock.backOff(began, 30_000);
    const refusal = (await waiting.catch((error: unknown) => error)) as GatewayError;
    expect(refusal.fault).toBe('queueFull');
    expect(refusal.retryAfterSeconds).toBeGreaterThan(27);
    expect(performance.now() - began).toBeLessThan(3_000);
  });

  it('lets go of those whose time is up', async () => {
    const account = slots({ clock: undefined, parallel: 1 });
    wait(account);
    await expect(account.enter(aWish({ waitUntil: performance.now() + 20 }))).rejects.toMatchObject({
      fault: 'queueFull',
    });
    expect(account.waiting).toBe(0);
  });

  it('drops a caller who leaves at once', async () => {
    const account = slots();
    atOnce(account);
    const caller = new AbortController();
    const waiting = account.enter(aWish({ signal: caller.signal }));
    expect(account.waiting).toBe(1);
    caller.abort(new Error('left'));
    expect(account.waiting).toBe(0);
    await expect(waiting).rejects.toThrow('left');
  });

  it('lets a free call pass those that wait for pictures', async () => {
    const account = slots({ images: 2 });
    atOnce(account, 2);
    const pictures = account.enter(aWish({ waitUntil: performance.now() + 120_000 })) as Promise<unknown>;
    await expect(account.enter(aWish({ images: 0 }))).resolves.toHaveProperty('leave');
    expect(account.waiting).toBe(1);
    account.scatter(new SentElsewhere());
    await expect(pictures).rejects.toThrow(SentElsewhere);
  });

  it('stops while the provider finds it too fast, and starts slowly again', async () => {
    const clock = new LocalSlotClock(ratesOf({ ...NO_LIMITS, requestsPerSecond: 2 }));
    const account = slots({ clock });
    clock.backOff(performance.now(), 0);
    expect(account.pausedMs).toBeGreaterThan(900);
    const began = performance.now();
    await account.enter(aWish());
    expect(performance.now() - began).toBeGreaterThan(900);
    wait(account);
    expect(account.waiting).toBe(1);
    account.scatter(new SentElsewhere());
  });
});
