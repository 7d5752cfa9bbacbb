import { Refusal } from './answer.js';

/** What was charged, in API units. */
export interface Charges {
  readonly total: number;
  /** By request id; of the latest requests only. */
  readonly byRequest: Readonly<Record<string, number>>;
}

/** The one account behind all tokens (recraft-api.md §1): its balance and what made it smaller. */
export class Ledger {
  #total = 0;
  readonly #byRequest = new Map<string, number>();

  constructor(
    public balance: number,
    private readonly keep: number,
  ) {}

  /** @throws Refusal where the balance is empty; status and body are a guess, none was ever recorded (recraft-api.md §9) */
  requireCredit(): void {
    if (this.balance <= 0) throw new Refusal('Not enough API units', 'insufficient_balance', 402);
  }

  charge(requestId: string, credits: number): void {
    if (credits === 0) return;
    this.balance -= credits;
    this.#total += credits;
    this.#byRequest.set(requestId, credits);
    const [oldest] = this.#byRequest.keys();
    if (oldest !== undefined && this.#byRequest.size > this.keep) this.#byRequest.delete(oldest);
  }

  charges(): Charges {
    return { total: this.#total, byRequest: Object.fromEntries(this.#byRequest) };
  }

  reset(balance: number): void {
    this.balance = balance;
    this.#total = 0;
    this.#byRequest.clear();
  }
}
