import { describe, expect, it } from '@jest/globals';
import { findSyntaxProblem } from './json-syntax.js';

describe('findSyntaxProblem', () => {
  it.each([
    ['{"a": 1,}', "there is a comma before '}', which JSON does not allow", 1, 9],
    ['[1, 2,\n]', "there is a comma before ']', which JSON does not allow", 2, 1],
    ['{"a": 1', "the text ends before its closing '}'", 1, 8],
    ['[[1]', "the text ends before its closing ']'", 1, 5],
    ['{"a": [1, 2}', "a ',' or ']' is missing", 1, 12],
    ['{"a": 1 "b": 2}', "a ',' or '}' is missing", 1, 9],
    ['{"a" 1}', "a ':' is missing after a name", 1, 6],
    ['{a: 1}', 'a name in double quotes is missing', 1, 2],
    ["{'a': 1}", 'a name in double quotes is missing', 1, 2],
    ['{"a": \'x\'}', 'single quotes are used; JSON takes double quotes', 1, 7],
    ['{"a": True}', 'a value is missing or malformed', 1, 7],
    ['{"a": 01}', 'a value is missing or malformed', 1, 7],
    ['{"a": .5}', 'a value is missing or malformed', 1, 7],
    ['{"a": }', 'a value is missing or malformed', 1, 7],
    ['{"a": "one\ntwo"}', 'a string holds a line break or control character that is not escaped', 1, 11],
    ['{"a": "\\x"}', 'a string holds an escape that JSON does not know', 1, 8],
    ['{"a": "x', 'a string is not closed', 1, 7],
    ['{} {}', 'there is something after the end of the document', 1, 4],
    ['prompt=a fox', 'a value is missing or malformed', 1, 1],
  ])('finds in %j that %s', (text, what, line, column) => {
    expect(() => JSON.parse(text) as unknown).toThrow();
    expect(findSyntaxProblem(text)).toEqual({ what, line, column });
  });

  it('finds nothing in what is JSON', () => {
    const text = JSON.stringify({ a: [1, -2.5e-3, true, false, null, {}, []], 'b\n': 'é\u2028"\\' }, null, 2);
    expect(findSyntaxProblem(text)).toBeUndefined();
  });

  it('is not thrown off by very deep nesting or very long strings', () => {
    expect(findSyntaxProblem('['.repeat(500_000))).toMatchObject({ column: 500_001 });
    expect(findSyntaxProblem(`["${'x'.repeat(900_000)}",]`)).toMatchObject({ column: 900_005 });
  });
});
