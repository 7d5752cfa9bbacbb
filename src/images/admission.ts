import { Inject, Injectable } from '@nestjs/common';
import { GatewayError } from '../errors/gateway-error.js';
import { type Admittance, CallerLimits } from '../limits/caller-limits.js';
import { Ledger, type Reservation } from '../spend/ledger.js';
import type { Afterwards, CallRecord } from '../telemetry/call-record.js';
import { traced } from '../telemetry/call-trace.js';

/** Stands between what is asked and what is sent: nothing goes out that its caller may not have or cannot pay. */
@Injectable()
export class Admission {
  /** Money set aside for operations that follow another, by their records. */
  private readonly ahead = new WeakMap<CallRecord, Reservation>();
  /** Places among the parallel requests of calls that go on after their first operation. */
  private readonly places = new WeakMap<CallRecord, Admittance>();

  constructor(
    @Inject(CallerLimits) private readonly limits: CallerLimits,
    @Inject(Ledger) private readonly ledger: Ledger,
  ) {}

  /**
   * Does `work` within the caller's limits and with its price reserved. The work settles the reservation; where it fails
   * before that, the money is given back, or kept as in doubt where the provider may have charged.
   *
   * What is refused by a budget does not count against the limits, and pictures that cost nothing do not either.
   *
   * What follows the call (`call.afterwards`) is admitted with it, all or nothing: once the first operation is charged, no
   * limit and no budget refuses the next. Whoever asks for such a call ends it with `end`.
   *
   * @throws GatewayError where the caller is not let in, or what the work throws
   */
  async within<T>(call: CallRecord, work: (reservation: Reservation) => Promise<T>): Promise<T> {
    const reserved = this.ahead.get(call);
    if (reserved) return work(reserved);
    const entering = traced(call, 'admit', () => this.limits.enter(call));
    const admittance = entering instanceof Promise ? await entering : entering;
    try {
      const reservation = await this.reserve(call, admittance);
      try {
        const done = await work(reservation);
        if (call.following) this.places.set(call, admittance);
        return done;
      } catch (error) {
        if ((await giveUp(reservation, error, call)) === 'free') admittance.giveBack('images');
        throw error;
      }
    } finally {
      if (this.places.get(call) !== admittance) admittance.leave();
    }
  }

  /** The call is over, also what followed its first operation: whatever it still holds is free. */
  async end(call: CallRecord, error?: unknown): Promise<void> {
    this.places.get(call)?.leave();
    for (const record of [call, ...(call.following ?? [])]) {
      const reservation = this.ahead.get(record);
      if (!reservation) continue;
      await (error === undefined ? reservation.release('notNeeded') : giveUp(reservation, error, record));
    }
  }

  /** The call's own money, and that of what follows it: all or nothing. What is refused here takes up no limit. */
  private async reserve(call: CallRecord, admittance: Admittance): Promise<Reservation> {
    let reservation: Reservation | undefined;
    try {
      reservation = await traced(call, 'reserve', () => this.ledger.reserve(call));
      if (call.afterwards) await this.reserveAhead(call, call.afterwards);
      return reservation;
    } catch (error) {
      if (reservation) await giveUp(reservation, error, call);
      admittance.giveBack('everything');
      throw error;
    }
  }

  /** One reservation for each operation, as each is charged by itself; those of an earlier attempt still stand. */
  private async reserveAhead(call: CallRecord, afterwards: Afterwards): Promise<void> {
    const following = (call.following ??= []);
    while (following.length < afterwards.count) {
      const next = call.next(afterwards);
      try {
        this.ahead.set(next, await traced(next, 'reserve', () => this.ledger.reserve(next)));
      } finally {
        call.reservations = next.reservations;
      }
      following.push(next);
    }
  }
}

/** What was never sent, or refused, cost nothing. */
async function giveUp(reservation: Reservation, error: unknown, { times }: CallRecord): Promise<'free' | 'in doubt'> {
  const wasSent = times.sentAt !== undefined;
  const fault = error instanceof GatewayError ? error.fault : 'interrupted';
  const isInDoubt = wasSent && (!(error instanceof GatewayError) || error.mayBeCharged);
  await (isInDoubt ? reservation.doubt(fault) : reservation.release(fault));
  return isInDoubt ? 'in doubt' : 'free';
}
