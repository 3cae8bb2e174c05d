/** What is known of some samples: CloudWatch API reference, StatisticSet. */
export interface StatisticSet {
  readonly count: number;
  readonly sum: number;
  readonly minimum: number;
  readonly maximum: number;
}

const numbersPerMetric = 4;
/** Numbers of one metric in a row: which one it is, and its statistic set. */
const numbersPerEntry = 1 + numbersPerMetric;

/**
 * Statistic sets of several metrics, without those that have no sample: for each, in ascending order, the number of the
 * metric, count, sum, minimum, maximum.
 */
export type StatisticRow = Float64Array;

/** Counts samples of the metrics 0, 1, … of one source. */
export class StatisticSets {
  /** By metric: count, sum, minimum, maximum since the last `take()`. */
  readonly #running: Float64Array;
  /** By metric: count, sum of all that was taken; minimum, maximum of the last taken set that had samples. */
  readonly #taken: Float64Array;

  /** By which a history keeps them. */
  readonly source: string;

  constructor(source: string, metricCount: number) {
    this.source = source;
    this.#running = new Float64Array(numbersPerMetric * metricCount);
    this.#taken = new Float64Array(numbersPerMetric * metricCount);
  }

  add(metric: number, sample: number): void {
    const running = this.#running;
    const at = numbersPerMetric * metric;
    const count = running[at] as number;
    if (count === 0 || sample < (running[at + 2] as number)) running[at + 2] = sample;
    if (count === 0 || sample > (running[at + 3] as number)) running[at + 3] = sample;
    running[at] = count + 1;
    running[at + 1] = (running[at + 1] as number) + sample;
  }

  /** Samples since the start. */
  count(metric: number): number {
    return this.#total(numbersPerMetric * metric);
  }

  /** Sum of all samples since the start. */
  sum(metric: number): number {
    return this.#total(numbersPerMetric * metric + 1);
  }

  /** The largest sample of the running step and of the last one before it that had any; undefined where there was none. */
  recentMaximum(metric: number): number | undefined {
    if (this.count(metric) === 0) return undefined;
    const at = numbersPerMetric * metric;
    const taken = this.#taken[at + 3] as number;
    return this.#running[at] === 0 ? taken : Math.max(this.#running[at + 3] as number, taken);
  }

  /** Ends a step: what was counted in it. Undefined: nothing. */
  take(): StatisticRow | undefined {
    const running = this.#running;
    let used = 0;
    for (let at = 0; at < running.length; at += numbersPerMetric) if (running[at] !== 0) used += 1;
    if (used === 0) return undefined;
    const row = new Float64Array(numbersPerEntry * used);
    let entry = 0;
    for (let at = 0; at < running.length; at += numbersPerMetric) {
      if (running[at] === 0) continue;
      row[entry] = at / numbersPerMetric;
      for (let i = 0; i < numbersPerMetric; i++) row[entry + 1 + i] = running[at + i] as number;
      entry += numbersPerEntry;
      this.#keepTaken(at);
    }
    running.fill(0);
    return row;
  }

  #keepTaken(at: number): void {
    const [running, taken] = [this.#running, this.#taken];
    taken[at] = (taken[at] as number) + (running[at] as number);
    taken[at + 1] = (taken[at + 1] as number) + (running[at + 1] as number);
    taken[at + 2] = running[at + 2] as number;
    taken[at + 3] = running[at + 3] as number;
  }

  #total(at: number): number {
    return (this.#running[at] as number) + (this.#taken[at] as number);
  }
}

/** The metrics that have samples in a row. */
export function metricsIn(row: StatisticRow): readonly number[] {
  return Array.from({ length: row.length / numbersPerEntry }, (_, i) => row[numbersPerEntry * i] as number);
}

/** The row without the metrics that `isWanted` does not want; undefined when none is left. */
export function selected(row: StatisticRow, isWanted: (metric: number) => boolean): StatisticRow | undefined {
  const kept = metricsIn(row).filter(isWanted);
  if (kept.length === row.length / numbersPerEntry) return row;
  return kept.length === 0 ? undefined : row.filter((_, i) => isWanted(row[i - (i % numbersPerEntry)] as number));
}

/** Undefined: the row has no sample of the metric. */
export function setIn(row: StatisticRow, metric: number): StatisticSet | undefined {
  for (let at = 0; at < row.length; at += numbersPerEntry) {
    if (row[at] !== metric) continue;
    const [count = 0, sum = 0, minimum = 0, maximum = 0] = row.subarray(at + 1, at + numbersPerEntry);
    return { count, sum, minimum, maximum };
  }
  return undefined;
}

/** The statistic set of the samples of two. */
export function mergedSets(one: StatisticSet, other: StatisticSet): StatisticSet {
  return {
    count: one.count + other.count,
    sum: one.sum + other.sum,
    minimum: Math.min(one.minimum, other.minimum),
    maximum: Math.max(one.maximum, other.maximum),
  };
}

/** The row of the samples of two. It may be the first one, changed. */
export function mergedRows(one: StatisticRow, other: StatisticRow): StatisticRow {
  if (haveSameMetrics(one, other)) {
    for (let at = 0; at < one.length; at += numbersPerEntry) addEntry(one, other, at);
    return one;
  }
  const metrics = [...new Set([...metricsIn(one), ...metricsIn(other)])].sort((a, b) => a - b);
  const row = new Float64Array(numbersPerEntry * metrics.length);
  for (const [i, metric] of metrics.entries()) {
    const [first, second] = [setIn(one, metric), setIn(other, metric)];
    const set = first === undefined ? second : second === undefined ? first : mergedSets(first, second);
    if (set !== undefined) row.set([metric, set.count, set.sum, set.minimum, set.maximum], numbersPerEntry * i);
  }
  return row;
}

/** Whether the samples of both are of the same metrics. */
export function haveSameMetrics(one: StatisticRow, other: StatisticRow): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += numbersPerEntry) if (one[at] !== other[at]) return false;
  return true;
}

function addEntry(row: StatisticRow, more: StatisticRow, at: number): void {
  row[at + 1] = (row[at + 1] as number) + (more[at + 1] as number);
  row[at + 2] = (row[at + 2] as number) + (more[at + 2] as number);
  row[at + 3] = Math.min(row[at + 3] as number, more[at + 3] as number);
  row[at + 4] = Math.max(row[at + 4] as number, more[at + 4] as number);
}
