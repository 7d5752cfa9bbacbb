import type { Ledger, Reservation } from './ledger.js';

const NOTHING_TO_DO: Reservation = {
  settle: () => undefined,
  release: () => Promise.resolve(),
  doubt: () => Promise.resolve(),
};

/** The ledger of a gateway without a database: it keeps no account, and no key there has a budget. */
export class Unrecorded implements Ledger {
  reserve(): Reservation {
    return NOTHING_TO_DO;
  }
}
