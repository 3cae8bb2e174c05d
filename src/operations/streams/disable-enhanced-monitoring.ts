import { withoutMetrics } from "../../streams/shard-level-metrics.ts";
import { defineOperation } from "../operation.ts";
import { updateEnhancedMonitoring } from "./update-enhanced-monitoring.ts";

/** Metrics that are not enabled are ignored. */
export const disableEnhancedMonitoring = defineOperation({
  name: "DisableEnhancedMonitoring",
  plane: "control",
  handle: (input, context) =>
    updateEnhancedMonitoring(input, context, (enabled) => withoutMetrics(enabled, input.ShardLevelMetrics)),
});
