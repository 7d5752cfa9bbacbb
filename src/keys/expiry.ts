import { readDuration } from '../spend/duration.js';

/**
 * The moment after a duration: `30s`, `30m`, `30h`, `30d`, `1w`, `1mo`. A month ends on the same day of the next one, or on
 * its last.
 *
 * @throws GatewayError `invalidValue` naming `param`
 */
export function momentAfter(text: string, param: string, from = new Date()): Date {
  const duration = readDuration(text, param);
  return 'seconds' in duration
    ? new Date(from.getTime() + duration.seconds * 1000)
    : monthsAfter(from, duration.months);
}

function monthsAfter(from: Date, months: number): Date {
  const moment = new Date(from);
  moment.setUTCDate(1);
  moment.setUTCMonth(moment.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(moment.getUTCFullYear(), moment.getUTCMonth() + 1, 0)).getUTCDate();
  moment.setUTCDate(Math.min(from.getUTCDate(), lastDay));
  return moment;
}
