import {
  haveSameMetrics,
  mergedRows,
  metricsIn,
  type StatisticRow,
  type StatisticSet,
  setIn,
} from "./statistic-sets.ts";

/** What a row takes besides its numbers: its place in a map, its name, the array's own memory. Estimated. */
const rowOverheadBytes = 200;

export interface StatisticHistoryOptions {
  readonly stepMs: number;
  /** Steps kept. */
  readonly stepsMax: number;
  /** Memory of all rows; the oldest steps are dropped before. */
  readonly bytesMax: number;
}

/** A statistic set of the step that begins at `timeMs`, by the wall clock. */
export interface StatisticPoint {
  readonly timeMs: number;
  readonly set: StatisticSet;
}

interface Step {
  readonly rows: Map<string, StatisticRow>;
  bytes: number;
}

/** What a source had in the steps that are kept. */
interface SourceUse {
  lastStep: number;
  /** One with metrics that are noted already. */
  lastRow: StatisticRow;
  readonly metrics: Set<number>;
}

/** Statistic sets of the recent past by step of time and source. A step in which a source had no sample takes no memory. */
export class StatisticHistory {
  readonly #options: StatisticHistoryOptions;
  /** In the order of time. */
  readonly #steps = new Map<number, Step>();
  readonly #sources = new Map<string, SourceUse>();
  #bytes = 0;
  #newest = Number.NEGATIVE_INFINITY;

  constructor(options: StatisticHistoryOptions) {
    this.#options = options;
  }

  get stepMs(): number {
    return this.#options.stepMs;
  }

  /** Adds samples that were taken from `timeMs` on. A clock that was set back adds to the newest step. */
  add(timeMs: number, source: string, row: StatisticRow): void {
    const { stepMs, stepsMax, bytesMax } = this.#options;
    const number = Math.max(Math.floor(timeMs / stepMs), this.#newest);
    this.#newest = number;
    let step = this.#steps.get(number);
    if (step === undefined) {
      step = { rows: new Map(), bytes: 0 };
      this.#steps.set(number, step);
    }
    const before = step.rows.get(source);
    const bytesBefore = before === undefined ? 0 : bytesOf(before, source);
    // A row may be in two histories, and is changed by the merge.
    const after = before === undefined ? row.slice() : mergedRows(before, row);
    if (after !== before) step.rows.set(source, after);
    const grown = bytesOf(after, source) - bytesBefore;
    step.bytes += grown;
    this.#bytes += grown;
    if (grown > 0) this.#note(source, row, number);
    for (const oldest of this.#steps.keys()) {
      if (oldest > number - stepsMax && (this.#bytes <= bytesMax || oldest === number)) break;
      this.#drop(oldest);
    }
  }

  /** The points of a metric from `startMs` on and before `endMs`, the oldest first. */
  *points(source: string, metric: number, startMs: number, endMs: number): Generator<StatisticPoint> {
    const { stepMs } = this.#options;
    for (const [number, { rows }] of this.#steps) {
      const timeMs = number * stepMs;
      if (timeMs < startMs) continue;
      if (timeMs >= endMs) return;
      const row = rows.get(source);
      const set = row === undefined ? undefined : setIn(row, metric);
      if (set !== undefined) yield { timeMs, set };
    }
  }

  /** The metrics of each source that has had samples since `sinceMs`. */
  *sources(sinceMs: number): Generator<readonly [source: string, metrics: ReadonlySet<number>]> {
    for (const [source, { lastStep, metrics }] of this.#sources) {
      if ((lastStep + 1) * this.#options.stepMs > sinceMs) yield [source, metrics];
    }
  }

  #note(source: string, row: StatisticRow, step: number): void {
    const use = this.#sources.get(source);
    if (use === undefined) {
      this.#sources.set(source, { lastStep: step, lastRow: row, metrics: new Set(metricsIn(row)) });
      return;
    }
    use.lastStep = step;
    if (haveSameMetrics(row, use.lastRow)) return;
    use.lastRow = row;
    for (const metric of metricsIn(row)) use.metrics.add(metric);
  }

  #drop(number: number): void {
    const step = this.#steps.get(number);
    if (step === undefined) return;
    this.#steps.delete(number);
    this.#bytes -= step.bytes;
    for (const source of step.rows.keys()) {
      if ((this.#sources.get(source)?.lastStep ?? number) <= number) this.#sources.delete(source);
    }
  }
}

function bytesOf(row: StatisticRow, source: string): number {
  return row.byteLength + source.length + rowOverheadBytes;
}
