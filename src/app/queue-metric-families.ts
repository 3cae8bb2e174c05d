import type { QueueFigures } from "../queues/queue-calls.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { MetricFamily } from "../telemetry/prometheus-text.ts";
import { type RowMetric, rowMetricFamilies } from "./row-metric-families.ts";

/** The metrics of the Developer Guide, "Monitoring queues": its sums as counters since the start, the others as gauges. */
const metrics: readonly RowMetric<QueueFigures>[] = [
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
  return rowMetricFamilies(metrics, revisions, {
    label: "queue",
    rowsOf: ({ queues }) => queues,
    figuresOf: ({ id }) => figuresOf(id),
  });
}
