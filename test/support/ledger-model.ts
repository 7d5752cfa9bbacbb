import type { Reservation } from '../../src/spend/ledger.js';
import type { aCall } from './ledger.js';

/** A request that was granted. */
export interface Request {
  readonly call: ReturnType<typeof aCall>;
  readonly scopes: readonly number[];
  /** The window of each of its budgets. */
  readonly windows: readonly number[];
  readonly price: number;
  readonly reservation: Reservation;
  state: 'open' | 'crashed' | 'swept' | 'ended';
}

/** A budget, as few lines say it; `window` is as no other's was before. */
interface Budget {
  readonly most: number;
  readonly window: number;
  readonly isOver: boolean;
  readonly spent: number;
  readonly reserved: number;
}

/** The ledger in a few lines: what every run of the real one has to come to. */
export class LedgerModel {
  /** Undefined where there is none. */
  readonly budgets: (Budget | undefined)[] = [];
  readonly requests: Request[] = [];
  cost = 0;
  unconfirmed = 0;
  private windows = 0;

  /** Makes a budget, or gives it another maximum. */
  define(at: number, most: number): void {
    this.begin(at);
    this.budgets[at] = { ...(this.budgets[at] ?? this.emptyWindow()), most };
  }

  /** Whether a request would be granted; undefined: one of its budgets is missing. */
  grants(places: readonly number[], price: number): boolean | undefined {
    for (const at of places) this.begin(at);
    const held = places.map((at) => this.budgets[at]);
    const full = held.some((budget) => budget && price > 0 && budget.spent + budget.reserved + price > budget.most);
    return full ? false : held.includes(undefined) ? undefined : true;
  }

  windowsOf(places: readonly number[]): number[] {
    return places.map((at) => this.budgets[at]?.window ?? 0);
  }

  /** Moves money of a request from reserved to spent, where its windows still last. */
  move({ scopes, windows }: Request, reserved: number, spent: number): void {
    for (const [n, at] of scopes.entries()) {
      this.begin(at);
      const budget = this.budgets[at];
      if (!budget || budget.window !== windows[n]) continue;
      this.budgets[at] = { ...budget, reserved: budget.reserved + reserved, spent: budget.spent + spent };
    }
  }

  endWindows(): void {
    for (const [at, budget] of this.budgets.entries()) if (budget) this.budgets[at] = { ...budget, isOver: true };
  }

  /** Begins the next window where one is over. */
  private begin(at: number): void {
    const budget = this.budgets[at];
    if (budget?.isOver) this.budgets[at] = { ...this.emptyWindow(), most: budget.most };
  }

  private emptyWindow(): Budget {
    return { most: 0, window: ++this.windows, isOver: false, spent: 0, reserved: 0 };
  }
}
