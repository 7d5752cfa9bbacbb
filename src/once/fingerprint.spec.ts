import { describe, expect, it } from '@jest/globals';
import type { SourceImage } from '../images/image-request.js';
import { pictureInMemory } from '../uploads/spool.js';
import { Fingerprint } from './fingerprint.js';

const picture = (text: string): SourceImage => pictureInMemory('image', Buffer.from(text));
const link = (url: string): SourceImage => ({ kind: 'link', param: 'image', url });
const print = (fields: object, ...images: SourceImage[]) =>
  new Fingerprint({ fields, pictures: new Map([['image', images]]) });

describe('Fingerprint', () => {
  it('is the same for the same fields and bytes', async () => {
    const [one, other] = [print({ prompt: 'a' }, picture('x')), print({ prompt: 'a' }, picture('x'))];
    expect(await one.make()).toBe(await other.make());
    expect(one.size).toBe(other.size);
  });

  it.each([
    ['another field', print({ prompt: 'b' }, picture('x'))],
    ['another picture of the same size', print({ prompt: 'a' }, picture('y'))],
    ['no picture', print({ prompt: 'a' })],
    ['a picture twice', print({ prompt: 'a' }, picture('x'), picture('x'))],
    ['a link whose text is the bytes', print({ prompt: 'a' }, link('x'))],
    [
      'a picture in another slot',
      new Fingerprint({ fields: { prompt: 'a' }, pictures: new Map([['mask', [picture('x')]]]) }),
    ],
  ])('is another one for %s', async (_what, other) => {
    expect(await other.make()).not.toBe(await print({ prompt: 'a' }, picture('x')).make());
  });

  it('is made when it is asked for, and once', async () => {
    let opened = 0;
    const source = picture('x');
    const counting = {
      ...source,
      open: () => (opened++, (source as { open(): AsyncIterable<Uint8Array> }).open()),
    } as SourceImage;
    const one = print({}, counting);
    expect([one.size > 0, one.value, opened]).toEqual([true, undefined, 0]);
    expect(await Promise.all([one.make(), one.make()])).toEqual([one.value, one.value]);
    expect(opened).toBe(1);
  });

  it('tells most requests apart at a glance, without opening a picture', () => {
    const glance = (scope: string, fields: object, ...images: SourceImage[]) => print(fields, ...images).glance(scope);
    const one = glance('key', { prompt: 'a', n: 1 }, picture('x'));
    expect(glance('key', { prompt: 'a', n: 1 }, picture('y'))).toBe(one);
    const others = [
      glance('another key', { prompt: 'a', n: 1 }, picture('x')),
      glance('key', { prompt: 'a', n: '1' }, picture('x')),
      glance('key', { prompt: 'b', n: 1 }, picture('x')),
      glance('key', { prompt: 'a', n: 1 }, picture('longer')),
      glance('key', { prompt: 'a', n: 1 }),
      glance('key', { prompt: 'a'.repeat(10_000), n: 1 }),
      glance('key', { prompt: 'a'.repeat(10_001), n: 1 }),
    ];
    expect(new Set([one, ...others]).size).toBe(1 + others.length);
  });
});
