import type { ChannelFigures } from "../channels/channel-figures.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { MetricFamily } from "../telemetry/prometheus-text.ts";
import { type RowMetric, rowMetricFamilies } from "./row-metric-families.ts";

/** The metrics of the Developer Guide, "Monitoring data delivery": its sums as counters since the start, the others as gauges. */
const metrics: readonly RowMetric<ChannelFigures>[] = [
  {
    name: "millrace_channel_freshness_seconds",
    type: "gauge",
    help: "DataFreshness: age of the oldest record that is not delivered; 0 when all are.",
    value: ({ freshnessSeconds }) => freshnessSeconds,
  },
  {
    name: "millrace_channel_incoming_bytes_total",
    type: "counter",
    help: "BytesIn: bytes of data of records that were read and stored, or named by dead letters.",
    value: ({ bytesIn }) => bytesIn,
  },
  {
    name: "millrace_channel_outgoing_bytes_total",
    type: "counter",
    help: "BytesOut: bytes stored at the destination.",
    value: ({ bytesOut }) => bytesOut,
  },
  {
    name: "millrace_channel_delivered_records_total",
    type: "counter",
    help: "SuccessfulRecordCount: records stored at the destination.",
    value: ({ recordCount }) => recordCount,
  },
  {
    name: "millrace_channel_failed_records_total",
    type: "counter",
    help: "FailedRecordCount: records that cannot be delivered and are named by dead letters.",
    value: ({ failedCount }) => failedCount,
  },
  {
    name: "millrace_channel_expired_records_total",
    type: "counter",
    help: "Records that expired in the stream before they were delivered; in no dead letter.",
    value: ({ expiredCount }) => expiredCount,
  },
  {
    name: "millrace_channel_batches_total",
    type: "counter",
    help: "DeliverySuccess: batches stored at the destination.",
    value: ({ batchCount }) => batchCount,
  },
  {
    name: "millrace_channel_failures_total",
    type: "counter",
    help: "Attempts to deliver that failed and are made again.",
    value: ({ failureCount }) => failureCount,
  },
];

/** The series of the channels that deliver. */
export function channelMetricFamilies(
  revisions: Iterable<StreamRevision>,
  figuresOf: (channelId: string) => ChannelFigures | undefined,
): readonly MetricFamily[] {
  return rowMetricFamilies(metrics, revisions, {
    label: "channel",
    rowsOf: ({ channels }) => channels,
    figuresOf: ({ id }) => figuresOf(id),
  });
}
