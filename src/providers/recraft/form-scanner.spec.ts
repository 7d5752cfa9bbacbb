import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FormScanError, FormScanner } from './form-scanner.js';

interface Part {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const BOUNDARY = 'b-1';

/** What a scanner tells of a form that comes in these pieces. */
function read(pieces: readonly Buffer[], boundary = BOUNDARY): { parts: Part[]; complete: boolean } {
  const parts: { headers: Record<string, string>; body: string; closed: boolean }[] = [];
  const scanner = new FormScanner(boundary, {
    open: (headers) => void parts.push({ headers: Object.fromEntries(headers), body: '', closed: false }),
    bytes: (slice) => {
      const part = parts.at(-1);
      if (part) part.body += slice.toString('latin1');
    },
    close: () => {
      const part = parts.at(-1);
      if (part) part.closed = true;
    },
  });
  for (const piece of pieces) scanner.push(piece);
  const closed = parts.filter(({ closed: isClosed }) => isClosed).map(({ headers, body }) => ({ headers, body }));
  return { parts: closed, complete: scanner.complete };
}

function formOf(parts: readonly Part[], boundary = BOUNDARY): Buffer {
  const text = parts.map(({ headers, body }) => {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return `--${boundary}\r\n${lines.join('')}\r\n${body}\r\n`;
  });
  return Buffer.from(`${text.join('')}--${boundary}--\r\n`, 'latin1');
}

/** Full of what a delimiter looks like and is none. */
const TREACHEROUS = `\r\n--b-\r\n--b\r\n-\r\r\n--\r\n\r\n--B-1\r\n --b-1--\r\r`;
const PARTS: readonly Part[] = [
  { headers: { 'content-disposition': 'form-data; name="response"', 'content-type': 'application/json' }, body: '{}' },
  { headers: { 'content-id': 'a' }, body: TREACHEROUS },
  { headers: {}, body: '' },
];

describe('FormScanner', () => {
  const form = formOf(PARTS);

  it('reads the same, cut in two at every byte', () => {
    for (let at = 0; at <= form.length; at += 1) {
      expect(read([form.subarray(0, at), form.subarray(at)])).toEqual({ parts: PARTS, complete: true });
    }
  });

  it.each([1, 2, 3, 5, 7])('reads the same in pieces of %i bytes', (size) => {
    const pieces = Array.from({ length: Math.ceil(form.length / size) }, (_, at) =>
      form.subarray(at * size, (at + 1) * size),
    );
    expect(read(pieces)).toEqual({ parts: PARTS, complete: true });
  });

  it('reads any parts, cut anywhere', () => {
    const body = fc.array(fc.constantFrom('\r', '\n', '-', 'b', '-1', '\r\n--', '\r\n--b-', 'x', '\xff'), {
      maxLength: 40,
    });
    // A body with the delimiter in it could not have been sent under this boundary.
    const bodies = body.map((bits) => bits.join('')).filter((text) => !`\r\n${text}`.includes('\r\n--b-1'));
    const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(bodies, { maxLength: 4 }), cuts, (texts, places) => {
        const parts = texts.map((text) => ({ headers: { 'content-type': 'image/webp' }, body: text }));
        const whole = formOf(parts);
        const ends = [...places.filter((place) => place < whole.length).toSorted((a, b) => a - b), whole.length];
        const pieces = ends.map((end, index) => whole.subarray(ends[index - 1] ?? 0, end));
        expect(read(pieces)).toEqual({ parts, complete: true });
      }),
      { numRuns: 2_000, seed: 20_261_127 },
    );
  });

  it('takes a preamble, white space behind a boundary and an epilogue', () => {
    const text = `for old readers\r\n--b-1 \t\r\nContent-ID: a\r\n\r\nx\r\n--b-1-- \r\nafterwards\r\n--b-1\r\n\r\n`;
    expect(read([Buffer.from(text)])).toEqual({
      parts: [{ headers: { 'content-id': 'a' }, body: 'x' }],
      complete: true,
    });
  });

  it('is not complete before the last delimiter', () => {
    const cut = form.length - '--\r\n'.length;
    expect(read([form.subarray(0, cut)]).complete).toBe(false);
  });

  it.each([
    ['has no delimiter', 'x'.repeat(5_000), 'no part begins'],
    ['goes on behind its end', `--b-1--\r\n${'x'.repeat(5_000)}`, 'behind it'],
    ['has an endless head', `--b-1\r\n${'a: b\r\n'.repeat(2_000)}`, 'too long'],
    ['has text behind a boundary', '--b-1x\r\na: b\r\n\r\n', 'behind a boundary'],
    ['has a header without a name', '--b-1\r\n: b\r\n\r\n', 'no name'],
  ])('refuses what %s', (_what, text, why) => {
    const reading = (): unknown => read([Buffer.from(text)]);
    expect(reading).toThrow(FormScanError);
    expect(reading).toThrow(why);
  });
});
