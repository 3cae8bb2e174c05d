import { streamNotOnDemand } from "../../model/setting-errors.ts";
import { defineOperation } from "../operation.ts";
import { requireStreamInState } from "../require-stream.ts";
import { updateStreamDocument } from "../update-stream-document.ts";

/** Applies at once, to new records only. AUTO is for on-demand streams. */
export const updateStreamRecordDistributionStrategy = defineOperation({
  name: "UpdateStreamRecordDistributionStrategy",
  plane: "control",
  async handle(input, context) {
    await updateStreamDocument(context, () => {
      const revision = requireStreamInState(["ACTIVE"], input, context);
      const { stream } = revision;
      const recordDistribution = input.RecordDistributionStrategy;
      if (recordDistribution === "AUTO" && stream.mode !== "ON_DEMAND") throw streamNotOnDemand(stream);
      return [revision, { ...stream, recordDistribution }];
    });
    return undefined;
  },
});
