import type { MetricType } from "../telemetry/prometheus-text.ts";

/** A metric of the namespace AWS/Kinesis, and the family of `/metrics` that shows it. */
export interface KinesisMetric<Name extends string = string> {
  /** In CloudWatch. */
  readonly name: Name;
  /** In CloudWatch; in a family milliseconds are seconds. */
  readonly unit: "Bytes" | "Count" | "Milliseconds";
  readonly family: string;
  /** A counter has the sum of all samples since the start, a summary their sum and count, a gauge the largest of late. */
  readonly type: Exclude<MetricType, "histogram">;
  readonly help: string;
}

function defineMetrics<const Name extends string>(
  rows: readonly (readonly [
    name: Name,
    unit: KinesisMetric["unit"],
    family: string,
    type: KinesisMetric["type"],
    help: string,
  ])[],
): readonly KinesisMetric<Name>[] {
  return rows.map(([name, unit, family, type, help]) => ({ name, unit, family, type, help }));
}

/** The number of each metric by its name. */
function numbersOf<Name extends string>(metrics: readonly KinesisMetric<Name>[]): Readonly<Record<Name, number>> {
  return Object.fromEntries(metrics.map(({ name }, number) => [name, number])) as Record<Name, number>;
}

/** Developer Guide, "Monitor the Amazon Kinesis Data Streams service with Amazon CloudWatch": by StreamName. */
export const streamMetrics = defineMetrics([
  ["IncomingBytes", "Bytes", "millrace_stream_incoming_bytes_total", "counter", "Data and partition keys stored."],
  ["IncomingRecords", "Count", "millrace_stream_incoming_records_total", "counter", "Records stored."],
  [
    "PutRecord.Bytes",
    "Bytes",
    "millrace_stream_put_record_bytes_total",
    "counter",
    "Data and partition keys stored by PutRecord.",
  ],
  [
    "PutRecord.Latency",
    "Milliseconds",
    "millrace_stream_put_record_duration_seconds",
    "summary",
    "Time that PutRecord took to store its record.",
  ],
  [
    "PutRecord.Success",
    "Count",
    "millrace_stream_put_record_successes_total",
    "counter",
    "Calls of PutRecord that stored their record.",
  ],
  [
    "PutRecords.Bytes",
    "Bytes",
    "millrace_stream_put_records_bytes_total",
    "counter",
    "Data and partition keys stored by PutRecords.",
  ],
  [
    "PutRecords.Latency",
    "Milliseconds",
    "millrace_stream_put_records_duration_seconds",
    "summary",
    "Time that PutRecords took to store its records.",
  ],
  [
    "PutRecords.Records",
    "Count",
    "millrace_stream_put_records_successful_records_total",
    "counter",
    "Records stored by PutRecords.",
  ],
  [
    "PutRecords.Success",
    "Count",
    "millrace_stream_put_records_successes_total",
    "counter",
    "Calls of PutRecords that stored at least one record.",
  ],
  [
    "PutRecords.TotalRecords",
    "Count",
    "millrace_stream_put_records_requested_records_total",
    "counter",
    "Records in calls of PutRecords, stored or not.",
  ],
  [
    "PutRecords.SuccessfulRecords",
    "Count",
    "millrace_stream_put_records_successful_records_total",
    "counter",
    "Records stored by PutRecords.",
  ],
  [
    "PutRecords.FailedRecords",
    "Count",
    "millrace_stream_put_records_failed_records_total",
    "counter",
    "Records of PutRecords that failed for an internal reason.",
  ],
  [
    "PutRecords.ThrottledRecords",
    "Count",
    "millrace_stream_put_records_throttled_records_total",
    "counter",
    "Records of PutRecords that were throttled.",
  ],
  [
    "WriteProvisionedThroughputExceeded",
    "Count",
    "millrace_stream_write_throughput_exceeded_total",
    "counter",
    "Records of PutRecord and PutRecords that were throttled.",
  ],
  ["GetRecords.Bytes", "Bytes", "millrace_stream_get_records_bytes_total", "counter", "Data returned by GetRecords."],
  [
    "GetRecords.Records",
    "Count",
    "millrace_stream_get_records_records_total",
    "counter",
    "Records returned by GetRecords.",
  ],
  [
    "GetRecords.Latency",
    "Milliseconds",
    "millrace_stream_get_records_duration_seconds",
    "summary",
    "Time that GetRecords took to read.",
  ],
  [
    "GetRecords.Success",
    "Count",
    "millrace_stream_get_records_successes_total",
    "counter",
    "Calls of GetRecords that returned a page, which may be empty.",
  ],
  [
    "GetRecords.IteratorAgeMilliseconds",
    "Milliseconds",
    "millrace_stream_iterator_age_seconds",
    "gauge",
    "Age of the last record that a GetRecords returned, 0 when it read all there was; the largest of the last seconds.",
  ],
  [
    "ReadProvisionedThroughputExceeded",
    "Count",
    "millrace_stream_read_throughput_exceeded_total",
    "counter",
    "Calls of GetRecords that were throttled.",
  ],
]);

/** The same guide, enhanced fan-out: by StreamName and ConsumerName. */
export const consumerMetrics = defineMetrics([
  [
    "SubscribeToShard.RateExceeded",
    "Count",
    "millrace_consumer_subscriptions_rate_exceeded_total",
    "counter",
    "Calls of SubscribeToShard that were refused: too many, or too soon after another one for the shard.",
  ],
  [
    "SubscribeToShard.Success",
    "Count",
    "millrace_consumer_subscriptions_total",
    "counter",
    "Subscriptions that were opened.",
  ],
  ["SubscribeToShardEvent.Bytes", "Bytes", "millrace_consumer_event_bytes_total", "counter", "Data pushed in events."],
  [
    "SubscribeToShardEvent.MillisBehindLatest",
    "Milliseconds",
    "millrace_consumer_behind_latest_seconds",
    "gauge",
    "Age of the last record of an event, 0 when it was the newest one; the largest of the last seconds.",
  ],
  [
    "SubscribeToShardEvent.Records",
    "Count",
    "millrace_consumer_event_records_total",
    "counter",
    "Records pushed in events.",
  ],
  ["SubscribeToShardEvent.Success", "Count", "millrace_consumer_events_total", "counter", "Events pushed."],
]);

/** API reference, EnableEnhancedMonitoring: by StreamName and ShardId, where they are switched on. */
export const shardMetrics = defineMetrics([
  [
    "IncomingBytes",
    "Bytes",
    "millrace_shard_incoming_bytes_total",
    "counter",
    "Data and partition keys stored in the shard.",
  ],
  ["IncomingRecords", "Count", "millrace_shard_incoming_records_total", "counter", "Records stored in the shard."],
  [
    "OutgoingBytes",
    "Bytes",
    "millrace_shard_outgoing_bytes_total",
    "counter",
    "Data returned by GetRecords and SubscribeToShard.",
  ],
  [
    "OutgoingRecords",
    "Count",
    "millrace_shard_outgoing_records_total",
    "counter",
    "Records returned by GetRecords and SubscribeToShard.",
  ],
  [
    "IteratorAgeMilliseconds",
    "Milliseconds",
    "millrace_shard_iterator_age_seconds",
    "gauge",
    "Age of the last record that a GetRecords returned, 0 when it read all there was; the largest of the last seconds.",
  ],
  [
    "ReadProvisionedThroughputExceeded",
    "Count",
    "millrace_shard_read_throughput_exceeded_total",
    "counter",
    "Calls of GetRecords that were throttled.",
  ],
  [
    "WriteProvisionedThroughputExceeded",
    "Count",
    "millrace_shard_write_throughput_exceeded_total",
    "counter",
    "Records that were throttled.",
  ],
]);

export const ofStream = numbersOf(streamMetrics);
export const ofConsumer = numbersOf(consumerMetrics);
export const ofShard = numbersOf(shardMetrics);
