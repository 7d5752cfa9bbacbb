import type { LoggerService } from '@nestjs/common';
import { type Logger, pino } from 'pino';

/** Injection token of the one logger. */
export const LOGGER = Symbol('Logger');

/** Lines are collected and written together: a write for each request would cost more than the request's own work. */
const BUFFERED_BYTES = 4096;
const FLUSH_MS = 500;

/** JSON lines on stdout. What is logged is chosen field by field, so no key, prompt or body can be among it. */
export function createLogger(level: string): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, (stdout ??= openStdout()));
}

/** A process has one, however many gateways run in it. */
let stdout: ReturnType<typeof openStdout> | undefined;

function openStdout() {
  const destination = pino.destination({ fd: 1, sync: false, minLength: BUFFERED_BYTES });
  setInterval(() => {
    destination.flush();
  }, FLUSH_MS).unref();
  process.once('exit', () => {
    destination.flushSync();
  });
  return destination;
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
