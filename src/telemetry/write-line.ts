import { type DestinationStream, type Logger, pino } from 'pino';

/** A line with all that pino would add: its level's number first, then milliseconds since 1970. */
export interface Line {
  readonly level: number | undefined;
  readonly time: number;
  readonly msg: string;
}

/**
 * Writes a line that is complete to where the logger writes. For the one that every request has: pino puts a line
 * together from a text for each field, and an eighth of a small request's CPU went there
 * (measured in turns on one core: 163 µs a request against 188 µs).
 */
export function writeLine(logger: Logger, line: Line): void {
  streamOf(logger).write(`${JSON.stringify(line)}\n`);
}

function streamOf(logger: Logger): DestinationStream {
  return (logger as unknown as { readonly [pino.symbols.streamSym]: DestinationStream })[pino.symbols.streamSym];
}
