import { describe, expect, it } from '@jest/globals';
import { NamePattern } from './name-pattern.js';

describe('NamePattern', () => {
  it.each([
    ['recraft/*', 'recraft/recraftv3', 'recraftv3'],
    ['*-draft', 'poster-draft', 'poster'],
    ['team/*/v3', 'team/a/b/v3', 'a/b'],
    ['*', 'anything', 'anything'],
    ['recraft/*', 'recraft/', undefined],
    ['recraft/*', 'other/recraftv3', undefined],
    ['aba*ba', 'ababa', undefined],
    ['plain', 'plain', undefined],
    ['a.*', 'abc', undefined],
  ])('%s captures of %s: %s', (pattern, name, captured) => {
    expect(new NamePattern(pattern).capture(name)).toBe(captured);
  });

  it.each([
    ['recraft/*', 'recraft/x'],
    ['*', 'x'],
    ['plain', 'plain'],
  ])('%s is filled to %s', (pattern, filled) => {
    expect(new NamePattern(pattern).fill('x')).toBe(filled);
  });
});
