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
  /** By operation, then by model. */
  private readonly byOperation = new Map<string, Map<string, Usage>>();

  /** @param labelOf a model as a label, also where there is none */
  constructor(private readonly labelOf: (model: string | undefined) => string) {}

  /** Adds what a call brought and cost. */
  add({ operation, model }: CallRecord, images: number, microDollars: number): void {
    if (operation === undefined || (images === 0 && microDollars === 0)) return;
    const label = this.labelOf(model);
    let byModel = this.byOperation.get(operation);
    if (!byModel) this.byOperation.set(operation, (byModel = new Map<string, Usage>()));
    let usage = byModel.get(label);
    if (!usage) byModel.set(label, (usage = { operation, model: label, images: 0, microDollars: 0 }));
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
    return this.all().map(({ model, microDollars }) => [{ model }, microDollars / MICRO_DOLLARS_PER_UNIT]);
  }

  private all(): Usage[] {
    return [...this.byOperation.values()].flatMap((byModel) => [...byModel.values()]);
  }

  private samples(quantity: (usage: Usage) => number): Sample[] {
    return this.all()
      .filter((usage) => quantity(usage) > 0)
      .map((usage) => [{ operation: usage.operation, model: usage.model }, quantity(usage)]);
  }
}
