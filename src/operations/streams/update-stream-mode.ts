import { streamModeHasChannels } from "../../model/channel-errors.ts";
import { streamModeHasQueues } from "../../model/queue-errors.ts";
import { onlyOnDemand } from "../../model/stream-errors.ts";
import type { Stream } from "../../streams/stream.ts";
import { withSettingsIntent } from "../begin-transition.ts";
import { countDailyChange } from "../count-daily-change.ts";
import { defineOperation } from "../operation.ts";
import { requireStreamInState } from "../require-stream.ts";
import { updateStreamDocument } from "../update-stream-document.ts";
import { checkOnDemandQuota } from "./check-on-demand-quota.ts";
import { warmThroughputChange } from "./warm-throughput.ts";

/**
 * Keeps the shards in both directions; with WarmThroughputMiBps an on-demand stream grows to it. The present mode is
 * accepted and changes nothing.
 */
export const updateStreamMode = defineOperation({
  name: "UpdateStreamMode",
  plane: "control",
  async handle(input, context) {
    const mode = input.StreamModeDetails.StreamMode;
    const warmThroughputMiBps = input.WarmThroughputMiBps;
    if (warmThroughputMiBps !== undefined && mode !== "ON_DEMAND") throw onlyOnDemand("WarmThroughputMiBps");
    const applyWarmThroughput =
      warmThroughputMiBps === undefined ? undefined : await warmThroughputChange(warmThroughputMiBps, context);
    await updateStreamDocument(context, () => {
      const revision = requireStreamInState(["ACTIVE"], input, context);
      const { stream } = revision;
      if (stream.mode === mode)
        return [revision, applyWarmThroughput === undefined ? stream : applyWarmThroughput(stream)];
      if (mode === "PROVISIONED") refuseWithOnDemandRows(stream);
      // Settings of on-demand streams end with the mode.
      const {
        recordDistribution,
        warmThroughputMiBps: _warm,
        scaling: _scaling,
        ...rest
      } = countDailyChange(stream, "modeSwitches", context);
      if (mode === "ON_DEMAND") checkOnDemandQuota(context);
      if (mode === "PROVISIONED") return [revision, withSettingsIntent({ ...rest, mode }, context)];
      const next = { ...rest, mode, ...(recordDistribution === undefined ? {} : { recordDistribution }) };
      return [
        revision,
        applyWarmThroughput === undefined ? withSettingsIntent(next, context) : applyWarmThroughput(next),
      ];
    });
    return undefined;
  },
});

function refuseWithOnDemandRows(stream: Stream): void {
  if ((stream.queues ?? []).length > 0) throw streamModeHasQueues(stream);
  if ((stream.channels ?? []).length > 0) throw streamModeHasChannels(stream);
}
