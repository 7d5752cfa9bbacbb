import { Inject, Injectable } from '@nestjs/common';
import { GatewayError } from '../errors/gateway-error.js';
import { type Admittance, CallerLimits } from '../limits/caller-limits.js';
import type { Unneeded } from '../limits/limiter.js';
import { BudgetsChanged, type Charge, Ledger, type Reservation } from '../spend/ledger.js';
import type { Afterwards, CallRecord } from '../telemetry/call-record.js';
import { traced } from '../telemetry/call-trace.js';

/** What a call takes up of its caller's limits, however often its money is set aside anew on its way. */
interface Stay {
  readonly admittance: Admittance;
  /** What of it counts for nothing if the call ends now. */
  unneeded: Unneeded | undefined;
}

/** Stands between what is asked and what is sent: nothing goes out that its caller may not have or cannot pay. */
@Injectable()
export class Admission {
  /** Money set aside for operations that follow another, by their records. */
  private readonly ahead = new WeakMap<CallRecord, Reservation>();
  /** Of calls that failed and may be tried elsewhere, or go on after their first operation. */
  private readonly stays = new WeakMap<CallRecord, Stay>();

  constructor(
    @Inject(CallerLimits) private readonly limits: CallerLimits,
    @Inject(Ledger) private readonly ledger: Ledger,
  ) {}

  /**
   * Does `work` within the caller's limits and with its price reserved, and settles what it came to; where it fails, the
   * money is given back, or kept as in doubt where the provider may have charged.
   *
   * What is refused by a budget does not count against the limits, and pictures that cost nothing do not either.
   *
   * What follows the call (`call.afterwards`) is admitted with it, all or nothing: once the first operation is charged, no
   * limit and no budget refuses the next. Whoever asks for such a call ends it with `end`, as any call that fails: until
   * then it is the same request to the limits, wherever it is tried again.
   *
   * @throws GatewayError where the caller is not let in, or what the work throws
   */
  async within<T extends Charge>(call: CallRecord, work: () => Promise<T>): Promise<T> {
    const ahead = this.ahead.get(call);
    if (ahead) {
      const done = await work();
      await settle(ahead, done, call);
      return done;
    }
    let stay = this.stays.get(call);
    if (!stay) {
      const entering = traced(call, 'admit', () => this.limits.enter(call));
      stay = { admittance: entering instanceof Promise ? await entering : entering, unneeded: 'everything' };
    }
    let reservation: Reservation | undefined;
    try {
      const reserving = this.reserve(call);
      reservation = reserving instanceof Promise ? await reserving : reserving;
      const done = await work();
      const settling = settle(reservation, done, call);
      if (settling) await settling;
      stay.unneeded = undefined;
      if (call.following) this.stays.set(call, stay);
      else this.leave(call, stay);
      return done;
    } catch (error) {
      const outcome = reservation && (await giveUp(reservation, error, call));
      if (outcome === 'in doubt') stay.unneeded = undefined;
      else if (outcome === 'free' && stay.unneeded === 'everything') stay.unneeded = 'images';
      // Whose budgets have changed may have other limits, too.
      if (error instanceof BudgetsChanged) this.leave(call, stay);
      else this.stays.set(call, stay);
      throw error;
    }
  }

  /** The call is over, also what followed its first operation: whatever it still holds is free. */
  async end(call: CallRecord, error?: unknown): Promise<void> {
    this.leave(call);
    for (const record of [call, ...(call.following ?? [])]) {
      const reservation = this.ahead.get(record);
      if (!reservation) continue;
      await (error === undefined ? reservation.release('notNeeded') : giveUp(reservation, error, record));
    }
  }

  private leave(call: CallRecord, stay = this.stays.get(call)): void {
    if (!stay) return;
    this.stays.delete(call);
    if (stay.unneeded) stay.admittance.giveBack(stay.unneeded);
    stay.admittance.leave();
  }

  /** The call's own money, and that of what follows it: all or nothing. */
  private reserve(call: CallRecord): Reservation | Promise<Reservation> {
    const reserving = traced(call, 'reserve', () => this.ledger.reserve(call));
    return call.afterwards ? this.reserveAll(call, call.afterwards, reserving) : reserving;
  }

  private async reserveAll(
    call: CallRecord,
    afterwards: Afterwards,
    reserving: Reservation | Promise<Reservation>,
  ): Promise<Reservation> {
    const reservation = await reserving;
    try {
      await this.reserveAhead(call, afterwards);
      return reservation;
    } catch (error) {
      await giveUp(reservation, error, call);
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

/** Notes what the work came to, and settles its money. */
function settle(reservation: Reservation, charge: Charge, call: CallRecord): void | Promise<void> {
  const { images, chargedMicroDollars, upstreamRequestId } = charge;
  call.images = images;
  call.chargedMicroDollars = chargedMicroDollars;
  call.mayBeCharged ||= images > 0 && chargedMicroDollars === undefined;
  call.upstreamRequestId = upstreamRequestId;
  return traced(call, 'settle', () => reservation.settle(charge));
}

/** What was never sent, or refused, cost nothing. */
async function giveUp(reservation: Reservation, error: unknown, { times }: CallRecord): Promise<'free' | 'in doubt'> {
  const wasSent = times.sentAt !== undefined;
  const fault = error instanceof GatewayError ? error.fault : 'interrupted';
  const isInDoubt = wasSent && (!(error instanceof GatewayError) || error.mayBeCharged);
  await (isInDoubt ? reservation.doubt(fault) : reservation.release(fault));
  return isInDoubt ? 'in doubt' : 'free';
}
