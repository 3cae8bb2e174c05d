import type { QueueFigures } from "../queues/queue-calls.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { MetricFamily, Sample } from "../telemetry/prometheus-text.ts";

/** Queues with series at once. */
const queuesMax = 1_000;

/** The metrics of the Developer Guide, "Monitoring queues": its sums as counters since the start, the others as gauges. */
const families: readonly {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly value: (figures: QueueFigures) => number;
}[] = [
  {
    name: "millrace_queue_received_records_total",
    type: "counter",
    help: "ReceivedQueueRecords: records given to receivers, each time it is given.",
    value: (figures) => figures.receivedCount,
  },
  {
    name: "millrace_queue_acknowledged_records_total",
    type: "counter",
    help: "AcknowledgedQueueRecords: records acknowledged.",
    value: (figures) => figures.acknowledgedCount,
  },
  {
    name: "millrace_queue_empty_receives_total",
    type: "counter",
    help: "EmptyReceives: receives that ended without a record.",
    value: (figures) => figures.emptyReceiveCount,
  },
  {
    name: "millrace_queue_visible_records",
    type: "gauge",
    help: "VisibleQueueRecords: records that a receive could give now.",
    value: (figures) => figures.visibleCount,
  },
  {
    name: "millrace_queue_in_flight_records",
    type: "gauge",
    help: "InFlightQueueRecords: records received, neither acknowledged nor visible again.",
    value: (figures) => figures.inFlightCount,
  },
  {
    name: "millrace_queue_visible_dead_letter_records",
    type: "gauge",
    help: "VisibleDeadLetterQueueRecords: dead letters that a receive of dead letters could give now.",
    value: (figures) => figures.visibleDeadLetterCount,
  },
  {
    name: "millrace_queue_in_flight_dead_letter_records",
    type: "gauge",
    help: "Dead letters received, neither acknowledged, restored nor visible again.",
    value: (figures) => figures.inFlightDeadLetterCount,
  },
];

/** The series of the queues that have been used since the start. */
export function queueMetricFamilies(
  revisions: Iterable<StreamRevision>,
  figuresOf: (queueId: string) => QueueFigures | undefined,
): readonly MetricFamily[] {
  const samples = families.map((): Sample[] => []);
  let queueCount = 0;
  for (const { stream } of revisions) {
    for (const { id, name } of stream.queues ?? []) {
      const figures = queueCount < queuesMax ? figuresOf(id) : undefined;
      if (figures === undefined) continue;
      queueCount++;
      const { account, region } = stream;
      const labels = { account, region, stream: stream.name, queue: name, queue_id: id };
      for (const [i, { value }] of families.entries()) samples[i]?.push({ labels, value: value(figures) });
    }
  }
  return families.map(({ name, type, help }, i) => ({ name, type, help, samples: samples[i] ?? [] }));
}
