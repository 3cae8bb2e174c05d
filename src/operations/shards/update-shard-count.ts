import { targetAboveDouble, targetAboveMax, targetBelowHalf } from "../../model/setting-errors.ts";
import { streamIsOnDemand } from "../../model/stream-errors.ts";
import { streamArn } from "../../streams/arn.ts";
import { openShardCount } from "../../streams/resharding/open-shard-count.ts";
import { withResizeIntent } from "../begin-transition.ts";
import { countDailyChange } from "../count-daily-change.ts";
import { defineOperation } from "../operation.ts";
import { requireStreamInState } from "../require-stream.ts";
import { updateStreamDocument } from "../update-stream-document.ts";

/** API reference, UpdateShardCount: no stream can be scaled above this. */
const shardCountMax = 10_000;

/** The output has the open shards before the call. The present count is accepted and changes nothing. */
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
      if (context.limits !== undefined) checkTargetCount(targetCount, currentCount);
      return [
        revision,
        countDailyChange(withResizeIntent(revision.stream, targetCount, context), "shardCountChanges", context),
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

/** From half of the open shards, rounded up, to double, and at most `shardCountMax`. Errors: InvalidArgumentException. */
function checkTargetCount(targetCount: number, currentCount: number): void {
  if (targetCount > shardCountMax) throw targetAboveMax(targetCount, shardCountMax);
  if (targetCount > 2 * currentCount) throw targetAboveDouble(targetCount, currentCount);
  if (targetCount < Math.ceil(currentCount / 2)) throw targetBelowHalf(targetCount, currentCount);
}
