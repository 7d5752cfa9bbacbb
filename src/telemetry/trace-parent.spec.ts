import { describe, expect, it } from '@jest/globals';
import { readTraceParent, writeTraceParent } from './trace-parent.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

describe('traceparent', () => {
  it('is read, and written as it was', () => {
    const header = `00-${TRACE}-${SPAN}-01`;

    const parent = readTraceParent(header);

    expect(parent).toEqual({ traceId: TRACE, spanId: SPAN, flags: 1 });
    expect(parent && writeTraceParent(parent)).toBe(header);
  });

  it('of a later version may have more in it', () => {
    expect(readTraceParent(`01-${TRACE}-${SPAN}-00-more`)).toEqual({ traceId: TRACE, spanId: SPAN, flags: 0 });
  });

  it.each([
    ['nothing', undefined],
    ['several', [`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01`]],
    ['no trace', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['no span', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['more than version 00 has', `00-${TRACE}-${SPAN}-01-more`],
    ['capitals', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['words', 'a red fox'],
  ])('is as if it were not there: %s', (_what, header) => {
    expect(readTraceParent(header)).toBeUndefined();
  });
});
