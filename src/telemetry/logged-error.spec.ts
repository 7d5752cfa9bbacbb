import { describe, expect, it } from '@jest/globals';
import { loggedError } from './logged-error.js';

const thrownBy = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

describe('An error in the log', () => {
  it('says what it is, where it was thrown, and why', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const error = new TypeError('that does not work', { cause });

    expect(loggedError(error)).toEqual({
      type: 'TypeError',
      message: 'that does not work',
      stack: expect.stringMatching(/^TypeError: that does not work\n {4}at .*logged-error\.spec/),
      cause: { type: 'Error', message: 'connect ECONNREFUSED', code: 'ECONNREFUSED', stack: expect.any(String) },
    });
  });

  it('has none of its words where they quote', () => {
    const logged = loggedError(new Error('unusable', { cause: thrownBy(() => JSON.parse('a planted secret')) }));

    expect(logged.cause).toMatchObject({ type: 'SyntaxError', stack: expect.stringMatching(/^SyntaxError\n {4}at /) });
    expect(JSON.stringify(logged)).not.toContain('planted');
  });

  it('has none of the members that libraries add', () => {
    const error = Object.assign(new Error('duplicate key'), { detail: 'Key (alias)=(planted)', data: 'planted' });

    expect(JSON.stringify(loggedError(error))).not.toContain('planted');
  });

  it('ends where causes go round in a circle', () => {
    const error = new Error('round');
    error.cause = error;

    expect(JSON.stringify(loggedError(error)).match(/"message"/g)).toHaveLength(5);
  });

  it('is only its type where something else was thrown', () => {
    expect(loggedError('a planted text')).toEqual({ type: 'string' });
  });
});
