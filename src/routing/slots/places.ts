import type { SharedPlaces } from './slot-clock.js';

/** A request that is under way. */
interface Stay {
  readonly since: number;
}

/** How many requests of one account are under way at once, and when the next may be. Times are `performance.now()`. */
export class Places {
  /** Oldest first; nothing is noted where any number may be under way. */
  private readonly stays = new Set<Stay>();
  private count = 0;

  /**
   * @param own how many may be under way in this process while it does not share them; 0: any number
   * @param shared what is known of those that instances share
   */
  constructor(
    private readonly own: number,
    private readonly shared: () => SharedPlaces | undefined = () => undefined,
  ) {}

  get taken(): number {
    return this.count;
  }

  /** Whether this process alone takes them all. */
  get isFull(): boolean {
    return this.own > 0 && this.count >= this.limit;
  }

  /** Endless without a limit. */
  get left(): number {
    return this.own > 0 ? Math.max(0, this.limit - this.count - this.elsewhere) : Infinity;
  }

  /**
   * Milliseconds until there is a place, where calls take as long as they usually do; 0 where that is not known.
   *
   * @param ahead how many take theirs before
   */
  waitMs(ahead: number, usualMs: number | undefined): number {
    if (this.own === 0 || usualMs === undefined) return 0;
    const { limit } = this;
    const mustEnd = this.count + this.elsewhere + ahead + 1 - limit;
    if (mustEnd <= 0) return 0;
    const rounds = Math.floor((mustEnd - 1) / limit);
    const stay = [...this.stays][(mustEnd - 1) % limit];
    // When those of other instances began is not known.
    const leftMs = stay ? Math.max(0, stay.since + usualMs - performance.now()) : usualMs / 2;
    return rounds * usualMs + leftMs;
  }

  /** Takes a place. Answers how to leave it. */
  enter(): () => void {
    this.count++;
    const stay: Stay | undefined = this.own > 0 ? { since: performance.now() } : undefined;
    if (stay) this.stays.add(stay);
    return () => {
      this.count--;
      if (stay) this.stays.delete(stay);
    };
  }

  private get limit(): number {
    return this.shared()?.limit ?? this.own;
  }

  private get elsewhere(): number {
    return this.shared()?.elsewhere ?? 0;
  }
}
