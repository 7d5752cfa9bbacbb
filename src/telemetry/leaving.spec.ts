import { describe, expect, it } from '@jest/globals';
import { abortSignalOf, Leaving } from './leaving.js';

describe('Leaving', () => {
  it('tells those who listen once, and not those who stopped', () => {
    const leaving = new Leaving();
    const told: string[] = [];
    const tell = (name: string) => () => void told.push(name);
    const stopped = tell('stopped');
    leaving.addEventListener('abort', tell('first'));
    leaving.addEventListener('abort', stopped);
    leaving.addEventListener('abort', tell('last'));
    leaving.removeEventListener('abort', stopped);
    leaving.removeEventListener('abort', tell('unknown'));
    leaving.abort('left');
    leaving.abort('again');
    expect(told).toEqual(['first', 'last']);
    expect(leaving).toMatchObject({ aborted: true, reason: 'left' });
  });

  it('lets a listener stop another one while it is told', () => {
    const leaving = new Leaving();
    const told: string[] = [];
    const second = () => void told.push('second');
    leaving.addEventListener('abort', () => {
      leaving.removeEventListener('abort', second);
      told.push('first');
    });
    leaving.addEventListener('abort', second);
    leaving.abort('left');
    expect(told).toEqual(['first']);
  });
});

describe('abortSignalOf', () => {
  it('is aborted with the same reason, before and after', () => {
    const [before, after] = [new Leaving(), new Leaving()];
    before.abort('left before');
    const waiting = abortSignalOf(after);
    expect(waiting.aborted).toBe(false);
    after.abort('left after');
    expect(abortSignalOf(before)).toMatchObject({ aborted: true, reason: 'left before' });
    expect(waiting).toMatchObject({ aborted: true, reason: 'left after' });
  });

  it('is an AbortSignal itself where it was given one', () => {
    const { signal } = new AbortController();
    expect(abortSignalOf(signal)).toBe(signal);
  });
});
