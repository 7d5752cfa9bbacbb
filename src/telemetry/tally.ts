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
  /** The labels that stand for the parts of a key. */
  readonly labelsOf: (...parts: string[]) => Labels;
  readonly registry: Registry;
}

/** What is known under the first parts of a key. */
interface Branch {
  readonly further: Map<string, Branch>;
  series: Series | undefined;
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
 * costs ten times as much as this look-up; here they are put together when somebody collects. A key is looked up part by
 * part: a text of its parts, made for each request, would cost more to make and to hash than all of them to find.
 */
export class Tally {
  private readonly root: Branch = { further: new Map(), series: undefined };
  private readonly all: Series[] = [];

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
    return this.all;
  }

  /** Counts a value under a key, which is told in parts: always as many, and always in one order. */
  observe(value: number, ...key: string[]): void {
    const series = this.seriesOf(key);
    const { buckets } = this.options;
    let bucket = 0;
    while (bucket < buckets.length && value > (buckets[bucket] ?? Infinity)) bucket++;
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
    series.sum += value;
    series.count++;
  }

  private seriesOf(key: readonly string[]): Series {
    let branch = this.root;
    for (const part of key) {
      let next = branch.further.get(part);
      if (!next) branch.further.set(part, (next = { further: new Map(), series: undefined }));
      branch = next;
    }
    return (branch.series ??= this.begin(key));
  }

  private begin(key: readonly string[]): Series {
    const { buckets, labelsOf } = this.options;
    const counts = new Array<number>(buckets.length + 1).fill(0);
    const series = { labels: labelsOf(...key), counts, sum: 0, count: 0 };
    this.all.push(series);
    return series;
  }

  /** For the registry, in prom-client's form. */
  get(): Promise<CollectedTally> {
    const { name, help } = this.options;
    const values = this.all.flatMap((series) => this.valuesOf(series));
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
