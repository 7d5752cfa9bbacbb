import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, type Logger, pino } from 'pino';
import { loggedError } from './logged-error.js';

/** Injection token of the one logger. */
export const LOGGER = Symbol('Logger');

/**
 * Lines are collected here and handed on together: a write for each request costs more than the request's own work, and
 * the destination's own buffer counts all its bytes again for every line it is given.
 */
const BATCH_LENGTH = 32 * 1024;
const FLUSH_MS = 500;

/** JSON lines on stdout. What is logged is chosen field by field, so no key, prompt or body can be among it. */
export function createLogger(level: string): Logger {
  return pino({ level, base: null, serializers: { err: loggedError } }, (stdout ??= openStdout()));
}

/** A process has one, however many gateways run in it. */
let stdout: DestinationStream | undefined;

function openStdout(): DestinationStream {
  const destination = pino.destination({ fd: 1, sync: false });
  let batch = '';
  const flush = (): void => {
    if (batch === '') return;
    destination.write(batch);
    batch = '';
  };
  setInterval(flush, FLUSH_MS).unref();
  process.once('exit', () => {
    flush();
    destination.flushSync();
  });
  return {
    write: (line) => {
      batch += line;
      if (batch.length >= BATCH_LENGTH) flush();
    },
  };
}

/** Nest's own messages, in the same log. */
export class NestLog implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, context?: unknown): void {
    this.logger.debug({ context }, String(message));
  }

  warn(message: unknown, context?: unknown): void {
    this.logger.warn({ context }, String(message));
  }

  error(message: unknown, ...details: unknown[]): void {
    this.logger.error({ details }, String(message));
  }

  fatal(message: unknown, ...details: unknown[]): void {
    this.logger.fatal({ details }, String(message));
  }
}
