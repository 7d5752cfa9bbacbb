/** Something that waits for its turn. */
export interface Waiting {
  /** Whose it is: keys share the slots by their weight. */
  readonly key: string;
  readonly weight: number;
  readonly priority: 'interactive' | 'batch';
  /** Pictures it is about; 0: a free call. */
  readonly images: number;
}

/** While both classes wait, one slot in so many is a batch's. */
export const BATCH_TURN = 10;

interface Lane<W> {
  readonly weight: number;
  readonly waiting: W[];
  /** How far its key has come in the virtual time of its class: what it was served, divided by its weight. */
  pass: number;
}

/** The keys of one priority class that wait, or waited so lately that it still counts. */
class PriorityClass<W extends Waiting> {
  readonly lanes = new Map<string, Lane<W>>();
  length = 0;
  private virtualTime = 0;

  add(item: W): void {
    let lane = this.lanes.get(item.key);
    if (!lane) this.lanes.set(item.key, (lane = { weight: item.weight, waiting: [], pass: this.virtualTime }));
    // A key that has been away does not catch up on what it did not ask for.
    lane.pass = Math.max(lane.pass, this.virtualTime);
    lane.waiting.push(item);
    this.length++;
  }

  remove(item: W): boolean {
    const lane = this.lanes.get(item.key);
    const index = lane ? lane.waiting.indexOf(item) : -1;
    if (!lane || index < 0) return false;
    lane.waiting.splice(index, 1);
    this.length--;
    return true;
  }

  /** The next one whose turn it is; `fits` can pass over those that cannot be served now. */
  next(fits: (item: W) => boolean): W | undefined {
    let next: W | undefined;
    let least = Infinity;
    for (const { waiting, pass } of this.lanes.values()) {
      if (pass >= least) continue;
      const candidate = waiting.find(fits);
      if (candidate === undefined) continue;
      next = candidate;
      least = pass;
    }
    return next;
  }

  /** Counts what was served against its key, and forgets the keys whose share is even. */
  serve(item: W): void {
    const lane = this.lanes.get(item.key);
    if (!lane || !this.remove(item)) return;
    this.virtualTime = Math.max(this.virtualTime, lane.pass);
    lane.pass += Math.max(1, item.images) / lane.weight;
    for (const [key, { waiting, pass }] of this.lanes) {
      if (waiting.length === 0 && (this.length === 0 || pass <= this.virtualTime)) this.lanes.delete(key);
    }
  }

  /** How many will be served before one more of a key: its own, and of every other key its share, no more than wait. */
  ahead({ key, weight }: Waiting): number {
    const own = this.lanes.get(key)?.waiting.length ?? 0;
    let others = 0;
    for (const [other, lane] of this.lanes) {
      if (other !== key) others += Math.min(lane.waiting.length, Math.floor(((own + 1) * lane.weight) / weight));
    }
    return own + others;
  }
}

/**
 * Who waits for an account, and whose turn it is. Keys take turns by their weight and by the pictures they were served
 * (stride scheduling), so that a thousand requests of one key do not hold up the one of another. `interactive` goes
 * before `batch`, which gets one slot in ten while both wait.
 */
export class FairQueue<W extends Waiting> {
  private readonly classes = { interactive: new PriorityClass<W>(), batch: new PriorityClass<W>() };
  private sinceBatch = 0;

  get length(): number {
    return this.classes.interactive.length + this.classes.batch.length;
  }

  add(item: W): void {
    this.classes[item.priority].add(item);
  }

  /** Takes out one that waits no more; false where it does not wait here. */
  remove(item: W): boolean {
    return this.classes[item.priority].remove(item);
  }

  /** The one whose turn it is, among those that fit; it stays until it is served. */
  next(fits: (item: W) => boolean = () => true): W | undefined {
    const { interactive, batch } = this.classes;
    const batchFirst = this.sinceBatch >= BATCH_TURN - 1;
    const [first, second] = batchFirst ? [batch, interactive] : [interactive, batch];
    return first.next(fits) ?? second.next(fits);
  }

  /** Takes out the one whose turn it was, and counts it. */
  serve(item: W): void {
    this.sinceBatch = item.priority === 'batch' || this.classes.batch.length === 0 ? 0 : this.sinceBatch + 1;
    this.classes[item.priority].serve(item);
  }

  /** How many of those that wait now go before one that would be added. */
  ahead(item: Waiting): number {
    const { interactive, batch } = this.classes;
    if (item.priority === 'interactive') {
      const own = interactive.ahead(item);
      return own + Math.min(batch.length, Math.floor(own / (BATCH_TURN - 1)));
    }
    const own = batch.ahead(item);
    return own + Math.min(interactive.length, (own + 1) * (BATCH_TURN - 1));
  }

  /** Everybody who waits. */
  all(): W[] {
    return [this.classes.interactive, this.classes.batch].flatMap(({ lanes }) =>
      [...lanes.values()].flatMap(({ waiting }) => waiting),
    );
  }

  /** Takes everybody out. */
  clear(): W[] {
    const all = this.all();
    for (const item of all) this.remove(item);
    return all;
  }
}
