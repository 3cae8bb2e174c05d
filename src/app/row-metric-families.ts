import type { StreamRevision } from "../registry/stream-revision.ts";
import type { Stream } from "../streams/stream.ts";
import type { MetricFamily, Sample } from "../telemetry/prometheus-text.ts";

/** Rows with series at once. */
const rowsMax = 1_000;

/** A metric of one kind of rows in the documents of streams. */
export interface RowMetric<Figures> {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  /** Undefined where it is not known: then the row has no sample. */
  readonly value: (figures: Figures) => number | undefined;
}

/** What has metrics: queues or channels. */
export interface MeasuredRows<Row, Figures> {
  readonly label: "queue" | "channel";
  readonly rowsOf: (stream: Stream) => readonly Row[] | undefined;
  /** Undefined for a row without figures, which has no series. */
  readonly figuresOf: (row: Row) => Figures | undefined;
}

/** One family for each metric, with one series for each row. */
export function rowMetricFamilies<Row extends { readonly id: string; readonly name: string }, Figures>(
  metrics: readonly RowMetric<Figures>[],
  revisions: Iterable<StreamRevision>,
  { label, rowsOf, figuresOf }: MeasuredRows<Row, Figures>,
): readonly MetricFamily[] {
  const samples = metrics.map((): Sample[] => []);
  let rowCount = 0;
  for (const { stream } of revisions) {
    for (const row of rowsOf(stream) ?? []) {
      const figures = rowCount < rowsMax ? figuresOf(row) : undefined;
      if (figures === undefined) continue;
      rowCount++;
      const { account, region } = stream;
      const labels = { account, region, stream: stream.name, [label]: row.name, [`${label}_id`]: row.id };
      for (const [i, { value }] of metrics.entries()) samples[i]?.push(...sampleOf(labels, value(figures)));
    }
  }
  return metrics.map(({ name, type, help }, i) => ({ name, type, help, samples: samples[i] ?? [] }));
}

function sampleOf(labels: Readonly<Record<string, string>>, value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [{ labels, value }];
}
