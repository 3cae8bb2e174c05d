import { withoutMetrics } from "../../streams/shard-level-metrics.ts";
import { operation } from "../operation.ts";
import { changeMonitoring } from "./change-monitoring.ts";

/** Metrics that are off already are ignored. */
export const disableEnhancedMonitoring = operation({
  name: "DisableEnhancedMonitoring",
  plane: "control",
  handle: (input, context) => changeMonitoring(input, context, (on) => withoutMetrics(on, input.ShardLevelMetrics)),
});
