import { describe, expect, it } from '@jest/globals';
import type { AnswerHead, AnswerSink } from '../../images/image-provider.js';
import { PictureRelay } from './picture-relay.js';

class Reader implements AnswerSink {
  readonly heads: AnswerHead[] = [];
  body = Buffer.alloc(0);
  ended = false;

  begin(head: AnswerHead): void {
    this.heads.push(head);
  }
  write(chunk: Uint8Array): boolean {
    this.body = Buffer.concat([this.body, chunk]);
    return true;
  }
  onDrain(): void {
    throw new Error('Nothing to wait for.');
  }
  end(last: Uint8Array): void {
    this.write(last);
    this.ended = true;
  }
  fail(): void {
    throw new Error('A relay reports by throwing.');
  }
}

function relay(answer: string, pieceBytes = answer.length): Reader & { relay: PictureRelay } {
  const reader = new Reader();
  const bytes = Buffer.from(answer);
  const passing = new PictureRelay(reader, bytes.length);
  for (let at = 0; at < bytes.length; at += pieceBytes) passing.push(bytes.subarray(at, at + pieceBytes));
  passing.end();
  return Object.assign(reader, { relay: passing });
}

const small =
  '{"created":1,"credits":80,"data":[{"image_id":"a","url":"https://x/1"},{"image_id":"b","url":"https://x/2"}]}';
const large = `{"created":1,"credits":40,"data":[{"image_id":"a","b64_json":"${'QUJD'.repeat(20_000)}"}]}`;

describe('PictureRelay', () => {
  it.each([1, 7, 1000])(
    'passes a small answer on whole, with its length and charge in the head (%i bytes at a time)',
    (pieceBytes) => {
      const reader = relay(small, pieceBytes);
      expect(reader.heads).toEqual([
        { contentType: 'application/json', contentLength: small.length, chargedMicroDollars: 80_000 },
      ]);
      expect(reader.body.toString()).toBe(small);
      expect(reader.relay.images).toBe(2);
    },
  );

  it.each([100, 16_384, 65_536])('lets a large answer flow byte for byte (%i bytes at a time)', (pieceBytes) => {
    const reader = relay(large, pieceBytes);
    expect(reader.body.toString() === large).toBe(true);
    expect(reader.heads).toEqual([
      { contentType: 'application/json', contentLength: large.length, chargedMicroDollars: 40_000 },
    ]);
    expect(reader.relay.images).toBe(1);
  });

  it('learns a charge that comes after the pictures, too late for the head', () => {
    const reader = relay(`{"data":[{"b64_json":"${'A'.repeat(40_000)}"}],"credits":7}`, 4096);
    expect(reader.heads[0]?.chargedMicroDollars).toBeUndefined();
    expect(reader.relay.chargedMicroDollars).toBe(7000);
  });

  it('takes the one picture of a single-picture operation', () => {
    expect(relay('{"created":1,"credits":10,"image":{"image_id":"a","url":"https://x"}}').relay.images).toBe(1);
  });

  it('is not misled by credits that are not the answer’s own', () => {
    const reader = relay('{"data":[{"credits":999,"url":"https://x"}],"meta":{"credits":1},"credits":"5"}');
    expect(reader.relay.chargedMicroDollars).toBeUndefined();
  });

  it.each([
    ['<html>oops</html>', 'not JSON'],
    ['', 'empty'],
    ['{"created":1,"data":[{"url":"https://x"}', 'cut short'],
    ['{"created":1,"data":[]}', 'no pictures'],
    ['{"created":1}', 'no pictures'],
    [large.slice(0, -3), 'cut short'],
  ])('refuses %s', (answer, why) => {
    expect(() => relay(answer, 1024)).toThrow(
      expect.objectContaining({
        fault: 'upstreamInvalidAnswer',
        message: expect.stringContaining(why) as unknown as string,
      }),
    );
  });

  it('reads a refusal that comes with status 200', () => {
    expect(() => relay('{"code":"invalid_model","message":"no such model"}')).toThrow(
      expect.objectContaining({ fault: 'unknownModel', param: 'model' }),
    );
  });

  it('gives up on a long answer that shows no pictures', () => {
    expect(() => relay(`{"junk":"${'x'.repeat(100_000)}","data":[{"url":"u"}]}`, 8192)).toThrow('no pictures');
  });
});
