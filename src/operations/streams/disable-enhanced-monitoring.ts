import { withoutMetrics } from "../../streams/shard-level-metrics.ts";
import { defineOperation } from "../operation.ts";
import { updateEnhancedMonitoring } from "./update-enhanced-monitoring.ts";

/** Metrics that are off already are ignored. */
export const disableEnhancedMonitoring = defineOperation({
  name: "DisableEnhancedMonitoring",
  plane: "control",
  handle: (input, context) =>
    updateEnhancedMonitoring(input, context, (on) => withoutMetrics(on, input.ShardLevelMetrics)),
});
