import { describe, expect, it } from '@jest/globals';
import { toCsv } from './csv.js';

const line = (text: string): string =>
  toCsv(['a'], [{ a: text }])
    .split('\r\n')
    .slice(1, -1)
    .join('\r\n');

describe('toCsv', () => {
  it('writes a head, a line for each row, and nothing for null', () => {
    const rows = [
      { name: 'x', number: -1.5, flag: true, list: ['a', '=b'], none: null },
      { name: 'y', number: 0, flag: false, list: [], none: null },
    ];

    expect(toCsv(['name', 'number', 'flag', 'list', 'none'], rows)).toBe(
      `name,number,flag,list,none\r\nx,-1.5,true,"a;'=b",\r\ny,0,false,,\r\n`,
    );
  });

  it.each([
    ['a "quote", here', '"a ""quote"", here"'],
    ['two\nlines', '"two\nlines"'],
    ['=1+1', "'=1+1"],
    ['@SUM(A1,B1)', '"\'@SUM(A1,B1)"'],
    ['+49', "'+49"],
    ['-2', "'-2"],
    ['\tx', "'\tx"],
    ['＝1+1', "'＝1+1"],
    ['x;=1+1', '"x;=1+1"'],
  ])('escapes %j', (text, expected) => {
    expect(line(text)).toBe(expected);
  });
});
