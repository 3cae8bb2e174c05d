import { withMetrics } from "../../streams/shard-level-metrics.ts";
import { defineOperation } from "../operation.ts";
import { updateEnhancedMonitoring } from "./update-enhanced-monitoring.ts";

/** Adds to what is on. */
export const enableEnhancedMonitoring = defineOperation({
  name: "EnableEnhancedMonitoring",
  plane: "control",
  handle: (input, context) =>
    updateEnhancedMonitoring(input, context, (on) => withMetrics(on, input.ShardLevelMetrics)),
});
