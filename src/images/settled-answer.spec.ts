import { describe, expect, it } from '@jest/globals';
import type { AnswerSink } from './image-provider.js';
import { SettledAnswer } from './settled-answer.js';

const HEAD = { contentType: 'application/json', contentLength: undefined, chargedMicroDollars: undefined };
const bytes = (text: string) => Buffer.from(text);

/** Writes down what it is told. */
function recorder() {
  const seen: string[] = [];
  const sink: AnswerSink = {
    begin: () => void seen.push('begin'),
    write: (chunk) => {
      seen.push(`write ${Buffer.from(chunk).toString()}`);
      return chunk.length < 3;
    },
    onDrain: (resume) => {
      seen.push('drain');
      resume();
    },
    end: (last) => void seen.push(`end ${Buffer.from(last).toString()}`),
    fail: ({ message }) => void seen.push(`fail ${message}`),
  };
  return { seen, answer: new SettledAnswer(sink) };
}

describe('SettledAnswer', () => {
  it('keeps a whole answer back, its header included, until it is let go', () => {
    const { seen, answer } = recorder();
    answer.begin(HEAD);
    answer.end(bytes('all'));
    expect(seen).toEqual([]);

    answer.finish();
    expect(seen).toEqual(['begin', 'end all']);
  });

  it('lets an answer flow, and keeps back what makes it whole', () => {
    const { seen, answer } = recorder();
    answer.begin(HEAD);
    expect(answer.write(bytes('a'))).toBe(true);
    expect(answer.write(bytes('long'))).toBe(false);
    answer.end(bytes('b'));
    expect(seen).toEqual(['begin', 'write a', 'write long']);

    answer.finish();
    expect(seen).toEqual(['begin', 'write a', 'write long', 'end b']);
  });

  it('goes on when its reader does', () => {
    const { seen, answer } = recorder();
    answer.begin(HEAD);
    answer.onDrain(() => void seen.push('resumed'));
    expect(seen).toEqual(['drain', 'resumed']);
  });

  it('breaks an answer that has begun for its reader', () => {
    const { seen, answer } = recorder();
    answer.begin(HEAD);
    answer.write(bytes('a'));
    answer.fail(new Error('gone'));
    expect(seen).toEqual(['begin', 'write a', 'fail gone']);
  });

  it('says nothing of a failure to a reader who has seen nothing', () => {
    const { seen, answer } = recorder();
    answer.begin(HEAD);
    answer.fail(new Error('gone'));
    expect(seen).toEqual([]);
  });
});
