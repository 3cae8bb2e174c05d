import { streamIsOnDemand } from "../../model/stream-errors.ts";
import { streamArn } from "../../streams/arn.ts";
import { openShardCount } from "../../streams/resharding/open-shard-count.ts";
import { countDailyChange } from "../count-daily-change.ts";
import { requireStreamInState } from "../find-stream.ts";
import { defineOperation } from "../operation.ts";
import { updateStreamDocument } from "../update-stream-document.ts";
import { beginResize } from "./begin-resize.ts";
import { checkShardCountTarget } from "./check-shard-count-target.ts";

/** The answer tells the open shards at the call; the present count is accepted and changes nothing. */
export const updateShardCount = defineOperation({
  name: "UpdateShardCount",
  plane: "control",
  async handle(input, context) {
    const targetCount = input.TargetShardCount;
    let currentCount = 0;
    const { stream } = await updateStreamDocument(context, () => {
      const revision = requireStreamInState(["ACTIVE"], input, context);
      if (revision.stream.mode === "ON_DEMAND") throw streamIsOnDemand(revision.stream);
      currentCount = openShardCount(revision.stream);
      if (targetCount === currentCount) return [revision, revision.stream];
      if (context.limits !== undefined) checkShardCountTarget(targetCount, currentCount);
      return [
        revision,
        countDailyChange(beginResize(revision.stream, targetCount, context), "shardCountChanges", context),
      ];
    });
    return {
      StreamName: stream.name,
      StreamARN: streamArn(stream),
      CurrentShardCount: currentCount,
      TargetShardCount: targetCount,
    };
  },
});
