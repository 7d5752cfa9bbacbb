import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { writeLine } from './write-line.js';

describe('writeLine', () => {
  it("writes to the logger's destination what the logger would have written", () => {
    const lines: string[] = [];
    const logger = pino({ base: null, timestamp: () => ',"time":5' }, { write: (line) => void lines.push(line) });
    const fields = { id: 'req_1', key: 'a "quoted"\n name', fault: undefined, images: 2, ms: 0.5 };

    logger.info(fields, 'request');
    writeLine(logger, { level: 30, time: 5, ...fields, msg: 'request' });

    expect(lines).toHaveLength(2);
    expect(lines[1]).toBe(lines[0]);
  });
});
