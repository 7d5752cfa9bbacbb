import { Inject, Injectable } from '@nestjs/common';
import { GatewayError } from '../errors/gateway-error.js';
import { CallerLimits } from '../limits/caller-limits.js';
import { Ledger, type Reservation } from '../spend/ledger.js';
import type { CallRecord } from '../telemetry/call-record.js';

/** Stands between what is asked and what is sent: nothing goes out that its caller may not have or cannot pay. */
@Injectable()
export class Admission {
  constructor(
    @Inject(CallerLimits) private readonly limits: CallerLimits,
    @Inject(Ledger) private readonly ledger: Ledger,
  ) {}

  /**
   * Does `work` within the caller's limits and with its price reserved. The work settles the reservation; where it fails
   * before that, the money is given back, or kept as in doubt where the provider may have charged.
   *
   * @throws GatewayError where the caller is not let in, or what the work throws
   */
  async within<T>(call: CallRecord, work: (reservation: Reservation) => Promise<T>): Promise<T> {
    const admittance = await this.limits.enter(call);
    try {
      const reservation = await this.ledger.reserve(call);
      try {
        return await work(reservation);
      } catch (error) {
        await giveUp(reservation, error, call);
        throw error;
      }
    } finally {
      admittance.leave();
    }
  }
}

/** What was never sent, or refused, cost nothing. */
function giveUp(reservation: Reservation, error: unknown, { times }: CallRecord): Promise<void> {
  const wasSent = times.sentAt !== undefined;
  if (error instanceof GatewayError) {
    return error.mayBeCharged && wasSent ? reservation.doubt(error.fault) : reservation.release(error.fault);
  }
  const fault = 'interrupted';
  return wasSent ? reservation.doubt(fault) : reservation.release(fault);
}
