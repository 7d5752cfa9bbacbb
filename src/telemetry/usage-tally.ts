import type { CallRecord } from './call-record.js';
import type { Sample } from './tally.js';

const MICRO_DOLLARS_PER_UNIT = 1_000;
const MICRO_DOLLARS_PER_DOLLAR = 1_000_000;

interface Usage {
  readonly operation: string;
  readonly model: string;
  images: number;
  microDollars: number;
}

/** What was made and spent, by operation and model; put into other units when somebody collects. */
export class UsageTally {
  private readonly byKey = new Map<string, Usage>();

  /** @param labelOf a model as a label, also where there is none */
  constructor(private readonly labelOf: (model: string | undefined) => string) {}

  /** Adds what a call brought and cost. */
  add({ operation, model }: CallRecord, images: number, microDollars: number): void {
    if (operation === undefined || (images === 0 && microDollars === 0)) return;
    const label = this.labelOf(model);
    const key = `${operation} ${label}`;
    let usage = this.byKey.get(key);
    if (!usage) this.byKey.set(key, (usage = { operation, model: label, images: 0, microDollars: 0 }));
    usage.images += images;
    usage.microDollars += microDollars;
  }

  images(): Sample[] {
    return this.samples(({ images }) => images);
  }

  dollars(): Sample[] {
    return this.samples(({ microDollars }) => microDollars / MICRO_DOLLARS_PER_DOLLAR);
  }

  /** By model alone: a model comes up once for each of its operations. */
  unitsByModel(): Sample[] {
    return [...this.byKey.values()].map(({ model, microDollars }) => [
      { model },
      microDollars / MICRO_DOLLARS_PER_UNIT,
    ]);
  }

  private samples(quantity: (usage: Usage) => number): Sample[] {
    return [...this.byKey.values()]
      .filter((usage) => quantity(usage) > 0)
      .map((usage) => [{ operation: usage.operation, model: usage.model }, quantity(usage)]);
  }
}
