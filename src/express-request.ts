import type { CallRecord } from './telemetry/call-record.js';

declare global {
  // Express' own way of adding what a request carries along.
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Express {
    interface Request {
      /** What is known of this call; set before anything else. */
      call: CallRecord;
    }
  }
}
