import { onlyOnDemand } from "../../model/stream-errors.ts";
import { changeStream } from "../change-stream.ts";
import { countDailyChange } from "../count-daily-change.ts";
import { operation } from "../operation.ts";
import { requireStreamIn } from "../require-stream.ts";
import { withSettingsIntent } from "../settings-intent.ts";
import { checkOnDemandQuota } from "./check-on-demand-quota.ts";
import { beginWarmUp } from "./warm-throughput.ts";

/**
 * The shards stay as they are in both directions; with WarmThroughputMiBps an on-demand stream grows to it. The present
 * mode is accepted and changes nothing.
 */
export const updateStreamMode = operation({
  name: "UpdateStreamMode",
  plane: "control",
  async handle(input, context) {
    const mode = input.StreamModeDetails.StreamMode;
    const warmThroughputMiBps = input.WarmThroughputMiBps;
    if (warmThroughputMiBps !== undefined && mode !== "ON_DEMAND") throw onlyOnDemand("WarmThroughputMiBps");
    const warmUp = warmThroughputMiBps === undefined ? undefined : await beginWarmUp(warmThroughputMiBps, context);
    await changeStream(context, () => {
      const live = requireStreamIn(["ACTIVE"], input, context);
      const { stream } = live;
      if (stream.mode === mode) return [live, warmUp === undefined ? stream : warmUp(stream)];
      // What only an on-demand stream has goes with the mode.
      const {
        recordDistribution,
        warmThroughputMiBps: _warm,
        ...rest
      } = countDailyChange(stream, "modeSwitches", context);
      if (mode === "ON_DEMAND") checkOnDemandQuota(context);
      if (mode === "PROVISIONED") return [live, withSettingsIntent({ ...rest, mode }, context)];
      const next = { ...rest, mode, ...(recordDistribution === undefined ? {} : { recordDistribution }) };
      return [live, warmUp === undefined ? withSettingsIntent(next, context) : warmUp(next)];
    });
    return undefined;
  },
});
