import type { ShardLevelMetric } from "./stream.ts";

/** The metrics that `ALL` means (API reference, EnableEnhancedMonitoring). */
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

/** The enabled metrics after enabling `named`, in a fixed order. */
export function withMetrics(
  enabled: readonly ShardLevelMetric[],
  named: readonly Named[],
): readonly ShardLevelMetric[] {
  return allMetrics.filter((metric) => enabled.includes(metric) || named.includes(metric) || named.includes("ALL"));
}

/** The enabled metrics after disabling `named`; those that are not enabled are ignored. */
export function withoutMetrics(
  enabled: readonly ShardLevelMetric[],
  named: readonly Named[],
): readonly ShardLevelMetric[] {
  return enabled.filter((metric) => !named.includes(metric) && !named.includes("ALL"));
}
