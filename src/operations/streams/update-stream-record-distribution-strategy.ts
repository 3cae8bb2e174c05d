import { streamNotOnDemand } from "../../model/setting-errors.ts";
import { changeStream } from "../change-stream.ts";
import { operation } from "../operation.ts";
import { requireStreamIn } from "../require-stream.ts";

/** Holds at once and for new records only. On-demand streams alone know AUTO. */
export const updateStreamRecordDistributionStrategy = operation({
  name: "UpdateStreamRecordDistributionStrategy",
  plane: "control",
  async handle(input, context) {
    await changeStream(context, () => {
      const live = requireStreamIn(["ACTIVE"], input, context);
      const { stream } = live;
      const recordDistribution = input.RecordDistributionStrategy;
      if (recordDistribution === "AUTO" && stream.mode !== "ON_DEMAND") throw streamNotOnDemand(stream);
      return [live, { ...stream, recordDistribution }];
    });
    return undefined;
  },
});
