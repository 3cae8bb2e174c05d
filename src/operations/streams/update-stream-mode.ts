import { onlyOnDemand } from "../../model/stream-errors.ts";
import { changeStream } from "../change-stream.ts";
import { countChange } from "../counted-change.ts";
import { operation } from "../operation.ts";
import { requireStreamIn } from "../require-stream.ts";
import { settling } from "../settle.ts";
import { checkOnDemandRoom } from "./on-demand-room.ts";
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
      const { recordDistribution, warmThroughputMiBps: _warm, ...rest } = countChange(stream, "modeSwitches", context);
      if (mode === "ON_DEMAND") checkOnDemandRoom(context);
      if (mode === "PROVISIONED") return [live, settling({ ...rest, mode }, context)];
      const next = { ...rest, mode, ...(recordDistribution === undefined ? {} : { recordDistribution }) };
      return [live, warmUp === undefined ? settling(next, context) : warmUp(next)];
    });
    return undefined;
  },
});
