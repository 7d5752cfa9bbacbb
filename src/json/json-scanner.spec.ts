import { describe, expect, it } from '@jest/globals';
import { type JsonKind, JsonScanner } from './json-scanner.js';

/** Scans a document cut into pieces and writes down what the scanner told. */
function scan(document: string | Buffer, pieceBytes: number, wants: (path: string) => boolean = () => true): string[] {
  const told: string[] = [];
  let text = '';
  const scanner = new JsonScanner({
    open: (path, kind: JsonKind) => {
      text = '';
      return (kind === 'string' || kind === 'scalar') && wants(path.join('.'));
    },
    text: (slice) => {
      text += slice.toString('utf8');
    },
    close: (path, kind) => {
      told.push(`${path.join('.')}:${kind}${kind === 'string' || kind === 'scalar' ? `=${text}` : ''}`);
    },
  });
  const bytes = Buffer.from(document);
  for (let at = 0; at < bytes.length; at += pieceBytes) scanner.push(bytes.subarray(at, at + pieceBytes));
  if (!scanner.complete) told.push('incomplete');
  return told;
}

const answer =
  '{"created": 1, "credits":40,\n"data":[{"b64_json":"QUJD","n":null},{"b64_json":""}],"empty":{},"none":[]}';

describe('JsonScanner', () => {
  it.each([1, 2, 3, 7, 1000])('names every value of a document that arrives %i bytes at a time', (pieceBytes) => {
    expect(scan(answer, pieceBytes)).toEqual([
      'created:scalar=1',
      'credits:scalar=40',
      'data.*.b64_json:string=QUJD',
      'data.*.n:scalar=null',
      'data.*:object',
      'data.*.b64_json:string=',
      'data.*:object',
      'data:array',
      'empty:object',
      'none:array',
      ':object',
    ]);
  });

  it.each([1, 2, 3, 5, 1000])(
    'is not fooled by quotes and backslashes inside strings, %i bytes at a time',
    (pieceBytes) => {
      const tricky = { 'a"b': 'say "hi"', path: 'c:\\', both: '\\"', nested: ['}', ']', '"', '\\\\'] };
      const strings = scan(JSON.stringify(tricky), pieceBytes)
        .filter((line) => line.includes(':string='))
        .map((line) => JSON.parse(`"${line.slice(line.indexOf('=') + 1)}"`) as string);
      expect(strings).toEqual(['say "hi"', 'c:\\', '\\"', '}', ']', '"', '\\\\']);
    },
  );

  it('gives no text of values nobody asked for', () => {
    expect(scan('{"a":"secret","b":2}', 4, (path) => path === 'b')).toEqual(['a:string=', 'b:scalar=2', ':object']);
  });

  it.each(['{"a":1', '{"a":"x', '[1,2', '{', '"abc', '{"a":{"b":[1]}'])(
    'knows that %s is not all of it',
    (document) => {
      expect(scan(document, 3)).toContain('incomplete');
    },
  );

  it.each(['<html>', '{"a" 1}', '{a:1}', '{"a":1}}', '[1}', '{"a":1]', '{"a":1} x', '{,}', '[1 2]', '{"a":}'])(
    'refuses %s',
    (document) => {
      expect(() => scan(document, 1)).toThrow(expect.objectContaining({ name: 'JsonScanError' }));
    },
  );

  it('names the byte at fault', () => {
    expect(() => scan('{"a":1}\n oops', 4)).toThrow('at byte 9');
  });

  it('refuses nesting that no answer has', () => {
    expect(() => scan('['.repeat(65), 10)).toThrow(expect.objectContaining({ name: 'JsonScanError' }));
  });
});
