import type { Metric, MetricValueWithName, Registry } from 'prom-client';

export type Labels = Readonly<Record<string, string>>;

/** A value with the labels it goes by. */
export type Sample = readonly [labels: Labels, value: number];

interface TallyOptions {
  readonly name: string;
  readonly help: string;
  /** Upper bounds, ascending; what is above the last counts too. */
  readonly buckets: readonly number[];
  readonly labelNames: readonly string[];
  readonly registry: Registry;
}

/** What was observed under one set of labels. */
export interface Series {
  readonly labels: Labels;
  /** Observations up to each bound and above the one before it, and those above the last. */
  readonly counts: number[];
  sum: number;
  count: number;
}

/** A histogram in prom-client's form. */
interface CollectedTally {
  readonly name: string;
  readonly help: string;
  readonly type: 'histogram';
  readonly aggregator: 'sum';
  readonly values: MetricValueWithName<string>[];
}

/**
 * A histogram for what happens with every request. prom-client's sorts and joins the labels of each observation, which
 * costs ten times as much as this look-up; here they are put together when somebody collects.
 */
export class Tally {
  private readonly byKey = new Map<string, Series>();

  constructor(private readonly options: TallyOptions) {
    // A registry asks no more of a metric than its name and `get`, which its type does not say.
    options.registry.registerMetric(this as unknown as Metric);
  }

  get name(): string {
    return this.options.name;
  }

  get help(): string {
    return this.options.help;
  }

  get labelNames(): readonly string[] {
    return this.options.labelNames;
  }

  /** Everything observed so far. */
  get series(): Iterable<Series> {
    return this.byKey.values();
  }

  /**
   * Counts a value.
   *
   * @param key stands for the labels: each set of labels has one of its own
   * @param labelsOf is asked once for each key
   */
  observe(key: string, labelsOf: () => Labels, value: number): void {
    let series = this.byKey.get(key);
    if (!series) {
      series = {
        labels: labelsOf(),
        counts: new Array<number>(this.options.buckets.length + 1).fill(0),
        sum: 0,
        count: 0,
      };
      this.byKey.set(key, series);
    }
    const { buckets } = this.options;
    let bucket = 0;
    while (bucket < buckets.length && value > (buckets[bucket] ?? Infinity)) bucket++;
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
    series.sum += value;
    series.count++;
  }

  /** For the registry, in prom-client's form. */
  get(): Promise<CollectedTally> {
    const { name, help } = this.options;
    const values = [...this.byKey.values()].flatMap((series) => this.valuesOf(series));
    return Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values });
  }

  private valuesOf({ labels, counts, sum, count }: Series): MetricValueWithName<string>[] {
    const { name, buckets } = this.options;
    let sofar = 0;
    const cumulative = counts.map((each, index) => {
      sofar += each;
      return { metricName: `${name}_bucket`, labels: { ...labels, le: buckets[index] ?? '+Inf' }, value: sofar };
    });
    return [
      ...cumulative,
      { metricName: `${name}_sum`, labels: { ...labels }, value: sum },
      { metricName: `${name}_count`, labels: { ...labels }, value: count },
    ];
  }
}
