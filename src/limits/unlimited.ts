import type { Admittance, CallerLimits } from './caller-limits.js';

const NOTHING_TO_LEAVE: Admittance = {
  leave() {
    // Nothing was counted.
  },
};

/** Lets everybody in. */
export class Unlimited implements CallerLimits {
  enter(): Promise<Admittance> {
    return Promise.resolve(NOTHING_TO_LEAVE);
  }
}
