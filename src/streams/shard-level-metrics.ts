import type { ShardLevelMetric } from "./stream.ts";

/** API reference, EnableEnhancedMonitoring: what `ALL` stands for. */
const allMetrics: readonly ShardLevelMetric[] = [
  "IncomingBytes",
  "IncomingRecords",
  "IteratorAgeMilliseconds",
  "OutgoingBytes",
  "OutgoingRecords",
  "ReadProvisionedThroughputExceeded",
  "WriteProvisionedThroughputExceeded",
];

type Named = ShardLevelMetric | "ALL";

/** The metrics that are on after enabling, in a fixed order. */
export function withMetrics(on: readonly ShardLevelMetric[], named: readonly Named[]): readonly ShardLevelMetric[] {
  return allMetrics.filter((metric) => on.includes(metric) || named.includes(metric) || named.includes("ALL"));
}

/** The metrics that are on after disabling; those that were off are ignored. */
export function withoutMetrics(on: readonly ShardLevelMetric[], named: readonly Named[]): readonly ShardLevelMetric[] {
  return on.filter((metric) => !named.includes(metric) && !named.includes("ALL"));
}
