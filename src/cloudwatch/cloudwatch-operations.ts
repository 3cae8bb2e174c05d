import { getMetricData } from "./get-metric-data.ts";
import { getMetricStatistics } from "./get-metric-statistics.ts";
import { listMetrics } from "./list-metrics.ts";
import type { CloudWatchContext } from "./named-metric.ts";
import { putMetricData } from "./put-metric-data.ts";

/** Resolves with the output; undefined where the operation has none. Errors: CloudWatchError. */
type CloudWatchOperation = (input: unknown, context: CloudWatchContext) => Promise<object | undefined>;

const operations: ReadonlyMap<string, CloudWatchOperation> = new Map<string, CloudWatchOperation>([
  ["GetMetricData", getMetricData],
  ["GetMetricStatistics", getMetricStatistics],
  ["ListMetrics", listMetrics],
  ["PutMetricData", putMetricData],
]);

/** Undefined for an operation of CloudWatch that this server does not have, and for any other name. */
export function cloudWatchOperation(name: string): CloudWatchOperation | undefined {
  return operations.get(name);
}
