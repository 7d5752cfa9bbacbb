import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AnswerHead, AnswerSink } from '../../images/image-provider.js';
import { FormRelay, FormToJsonRelay } from './form-relay.js';

const BOUNDARY = 'sandbox-b';
const TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

/** Keeps what comes unless it is told to drop it; asks for a pause after every write where it is slow. */
class Reader implements AnswerSink {
  readonly heads: AnswerHead[] = [];
  readonly chunks: Buffer[] = [];
  bytes = 0;
  lastBytes = 0;
  ended = false;

  constructor(private readonly options: { readonly drops?: true; readonly slow?: true } = {}) {}

  begin(head: AnswerHead): void {
    this.heads.push(head);
  }
  write(chunk: Uint8Array): boolean {
    if (!this.options.drops) this.chunks.push(Buffer.from(chunk));
    this.bytes += chunk.length;
    return !this.options.slow;
  }
  onDrain(): void {
    throw new Error('A relay does not wait itself.');
  }
  end(last: Uint8Array): void {
    this.write(last);
    this.lastBytes = last.length;
    this.ended = true;
  }
  fail(): void {
    throw new Error('A relay reports by throwing.');
  }
  get text(): string {
    return Buffer.concat(this.chunks).toString('latin1');
  }
}

interface Answer {
  readonly document: object;
  readonly files: readonly (readonly [id: string, bytes: Buffer])[];
}

function formOf({ document, files }: Answer, boundary = BOUNDARY): Buffer {
  const part = (lines: readonly string[], body: Buffer): Buffer[] => [
    Buffer.from(`--${boundary}\r\n${lines.join('\r\n')}\r\n\r\n`),
    body,
    Buffer.from('\r\n'),
  ];
  return Buffer.concat([
    ...part(
      ['Content-Disposition: form-data; name="response"', 'Content-Type: application/json'],
      Buffer.from(JSON.stringify(document)),
    ),
    ...files.flatMap(([id, bytes]) =>
      part([`Content-Disposition: form-data; name="${id}"`, `Content-ID: ${id}`, 'Content-Type: image/webp'], bytes),
    ),
    Buffer.from(`--${boundary}--\r\n`),
  ]);
}

const LIST: Answer = {
  document: {
    created: 1,
    credits: 80,
    data: [{ image_id: 'a' }, { image_id: 'b', features: { x: 1 } }],
    style_id: 's',
  },
  files: [
    ['a', Buffer.from('\r\n--sandbox-\x00\xff', 'latin1')],
    ['b', Buffer.from('<svg/>')],
  ],
};
const SINGLE: Answer = {
  document: { created: 1, credits: 10, image: { image_id: 'a' } },
  files: [['a', Buffer.from('four')]],
};

/** The JSON that Recraft would have answered. */
function expected({ document, files }: Answer): object {
  const bytes = new Map(files.map(([id, body]) => [id, body.toString('base64')]));
  const { data, image } = document as { data?: { image_id: string }[]; image?: { image_id: string } };
  const withBytes = (entry: { image_id: string }) => ({ ...entry, b64_json: bytes.get(entry.image_id) });
  return { ...document, ...(data && { data: data.map(withBytes) }), ...(image && { image: withBytes(image) }) };
}

function toJson(pieces: readonly Buffer[], type = TYPE) {
  const reader = new Reader();
  const relay = new FormToJsonRelay(reader, type);
  for (const piece of pieces) relay.push(piece);
  relay.end();
  return { reader, relay };
}

function through(pieces: readonly Buffer[], length?: number) {
  const reader = new Reader();
  const relay = new FormRelay(reader, TYPE, length);
  for (const piece of pieces) relay.push(piece);
  relay.end();
  return { reader, relay };
}

const inPieces = (bytes: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));

describe('A form of pictures', () => {
  it.each([
    ['a list', LIST, 2, 80_000],
    ['one picture', SINGLE, 1, 10_000],
  ])('becomes the JSON with base64, cut in two at every byte: %s', (_what, answer, images, charge) => {
    const form = formOf(answer);
    for (let at = 0; at <= form.length; at += 1) {
      const { reader, relay } = toJson([form.subarray(0, at), form.subarray(at)]);
      expect(JSON.parse(reader.text)).toEqual(expected(answer));
      expect(reader.heads).toEqual([
        { contentType: 'application/json', contentLength: reader.bytes, chargedMicroDollars: charge },
      ]);
      expect([relay.images, relay.chargedMicroDollars, reader.ended]).toEqual([images, charge, true]);
    }
  });

  it('becomes the JSON with base64, whatever bytes it has and wherever it is cut', () => {
    const file = fc.uint8Array({ maxLength: 30_000 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.array(file, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 9_000 }), (files, size) => {
        const ids = files.map((_, at) => `id-${at}`);
        const answer = {
          document: { credits: 35, data: ids.map((image_id) => ({ image_id })) },
          files: files.map((bytes, at) => [ids[at] ?? '', bytes] as const),
        };
        expect(JSON.parse(toJson(inPieces(formOf(answer), size)).reader.text)).toEqual(expected(answer));
      }),
      { numRuns: 100, seed: 20_261_127 },
    );
  });

  it.each([1, 7, 100_000])('passes through byte for byte (%i at a time)', (size) => {
    const large: Answer = {
      document: LIST.document,
      files: [
        ['a', Buffer.alloc(50_000, 7)],
        ['b', Buffer.alloc(9)],
      ],
    };
    for (const answer of [LIST, SINGLE, large]) {
      const form = formOf(answer);
      const { reader, relay } = through(inPieces(form, size), form.length);
      expect(reader.text === form.toString('latin1')).toBe(true);
      expect(reader.heads).toEqual([
        { contentType: TYPE, contentLength: form.length, chargedMicroDollars: relay.chargedMicroDollars },
      ]);
      expect(relay.images).toBe(answer.files.length);
    }
  });

  it('knows the charge before the first byte of a large picture goes out', () => {
    const reader = new Reader({ drops: true });
    const relay = new FormToJsonRelay(reader, TYPE);
    const form = formOf({ ...SINGLE, files: [['a', Buffer.alloc(200_000)]] });
    expect(relay.push(form.subarray(0, 40_000))).toBe(true);
    expect(reader.heads).toEqual([
      { contentType: 'application/json', contentLength: undefined, chargedMicroDollars: 10_000 },
    ]);
  });

  it.each([
    ['as JSON', (sink: AnswerSink) => new FormToJsonRelay(sink, TYPE), 4 / 3],
    ['as a form', (sink: AnswerSink) => new FormRelay(sink, TYPE, undefined), 1],
  ])('of 64 MiB flows through and nothing of it is kept: %s', (_what, make, factor) => {
    const reader = new Reader({ drops: true, slow: true });
    const relay = make(reader);
    const [head = '', tail = ''] = formOf({ ...SINGLE, files: [['a', Buffer.from('|')]] })
      .toString('latin1')
      .split('|');
    relay.push(Buffer.from(head, 'latin1'));
    const chunk = Buffer.alloc(65_536, 'x');
    let received = head.length;
    for (let at = 0; at < 1_024; at += 1) {
      // A slow reader's wish to wait is told at once, and what has come so far has gone out but for a little.
      expect(relay.push(chunk)).toBe(false);
      received += chunk.length;
      expect(received * factor - reader.bytes).toBeLessThan(1_024);
    }
    relay.push(Buffer.from(tail, 'latin1'));
    expect(reader.ended).toBe(false);
    relay.end();
    // Without the bytes that come with its end, a reader knows that it is not whole.
    expect([reader.ended, reader.lastBytes > 0]).toEqual([true, true]);
  });

  it('names its boundary in quotes or without, behind other parameters or alone', () => {
    const form = formOf(SINGLE);
    for (const type of [
      `multipart/form-data; boundary="${BOUNDARY}"`,
      `Multipart/Form-Data;boundary=${BOUNDARY}; charset=utf-8`,
      `multipart/form-data; charset=utf-8; boundary=${BOUNDARY}`,
    ])
      expect(JSON.parse(toJson([form], type).reader.text)).toEqual(expected(SINGLE));
  });
});

describe('A form that is none of use', () => {
  const good = formOf(LIST);
  const spoiled = (from: string, to: string): Buffer =>
    Buffer.from(good.toString('latin1').replace(from, to), 'latin1');

  it.each([
    ['empty', Buffer.alloc(0), 'empty'],
    ['garbage', Buffer.alloc(9_000, 'garbage'), 'no part begins'],
    ['a little garbage', Buffer.from('oops'), 'cut short'],
    ['cut in a picture', good.subarray(0, good.length - 60), 'cut short'],
    ['cut before its last two dashes', good.subarray(0, good.length - 4), 'cut short'],
    ['without a picture', formOf({ ...LIST, files: LIST.files.slice(0, 1) }), 'lacks a picture'],
    ['without any part', Buffer.from(`--${BOUNDARY}--\r\n`), 'no pictures'],
    ['without a document', spoiled('name="response"', 'name="answer"'), 'no response'],
    ['with a part of nobody', spoiled('name="b"', 'name="c"'), 'belongs to no picture'],
    ['with a picture twice', spoiled('name="b"', 'name="a"'), 'belongs to no picture'],
    ['with a broken document', spoiled('"created":1', '"created":'), 'not JSON'],
    ['with a document that is a list', formOf({ document: [], files: [] }), 'no JSON object'],
    ['with pictures that are none', formOf({ document: { data: [1] }, files: [] }), 'no id'],
    ['with an id that is none', formOf({ document: { image: { image_id: 'a"b' } }, files: [] }), 'no id'],
    ['with an endless document', formOf({ document: { junk: 'x'.repeat(70_000) }, files: [] }), 'too long'],
    ['without pictures', formOf({ document: { data: [] }, files: [] }), 'no pictures'],
  ])('is refused: %s', (_what, form, why) => {
    for (const run of [toJson, through]) {
      for (const size of [5, 100_000]) {
        expect(() => run(inPieces(form, size))).toThrow(
          expect.objectContaining({
            fault: 'upstreamInvalidAnswer',
            message: expect.stringContaining(why) as unknown as string,
          }),
        );
      }
    }
  });

  it('is refused where nothing names its boundary', () => {
    expect(() => toJson([good], 'multipart/form-data')).toThrow('without a boundary');
  });

  it('tells the refusal that comes with status 200', () => {
    const form = formOf({ document: { code: 'invalid_model', message: 'no such model' }, files: [] });
    for (const run of [toJson, through]) {
      expect(() => run([form])).toThrow(expect.objectContaining({ fault: 'unknownModel', param: 'model' }));
    }
  });
});
