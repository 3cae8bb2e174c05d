import { freshnessSecondsMax } from "../../streams/channel-settings.ts";
import type { OperationContext } from "../operation-context.ts";

const freshnessSecondsMin = 1;

/** The shortest DataFreshnessInSeconds: Amazon's where limits are on, else a second. */
export function freshnessSecondsMinOf({ limits }: OperationContext): number {
  const min = limits?.table.channelFreshnessSecondsMin ?? freshnessSecondsMin;
  // A limits file that removes the limit has the largest number there.
  return min > freshnessSecondsMax ? freshnessSecondsMin : min;
}
