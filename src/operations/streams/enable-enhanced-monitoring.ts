import { withMetrics } from "../../streams/shard-level-metrics.ts";
import { operation } from "../operation.ts";
import { changeMonitoring } from "./change-monitoring.ts";

/** Adds to what is on. */
export const enableEnhancedMonitoring = operation({
  name: "EnableEnhancedMonitoring",
  plane: "control",
  handle: (input, context) => changeMonitoring(input, context, (on) => withMetrics(on, input.ShardLevelMetrics)),
});
