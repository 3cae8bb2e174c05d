import { withMetrics } from "../../streams/shard-level-metrics.ts";
import { defineOperation } from "../operation.ts";
import { updateEnhancedMonitoring } from "./update-enhanced-monitoring.ts";

/** Adds to the enabled metrics. */
export const enableEnhancedMonitoring = defineOperation({
  name: "EnableEnhancedMonitoring",
  plane: "control",
  handle: (input, context) =>
    updateEnhancedMonitoring(input, context, (enabled) => withMetrics(enabled, input.ShardLevelMetrics)),
});
