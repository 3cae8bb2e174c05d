import { streamIsOnDemand } from "../../model/stream-errors.ts";
import { streamArn } from "../../streams/arn.ts";
import { openShardCount } from "../../streams/resharding/open-shard-count.ts";
import { changeStream } from "../change-stream.ts";
import { countDailyChange } from "../count-daily-change.ts";
import { operation } from "../operation.ts";
import { requireStreamIn } from "../require-stream.ts";
import { beginResize } from "./begin-resize.ts";
import { checkShardCountTarget } from "./check-shard-count-target.ts";

/** The answer tells the open shards at the call; the present count is accepted and changes nothing. */
export const updateShardCount = operation({
  name: "UpdateShardCount",
  plane: "control",
  async handle(input, context) {
    const targetCount = input.TargetShardCount;
    let currentCount = 0;
    const { stream } = await changeStream(context, () => {
      const live = requireStreamIn(["ACTIVE"], input, context);
      if (live.stream.mode === "ON_DEMAND") throw streamIsOnDemand(live.stream);
      currentCount = openShardCount(live.stream);
      if (targetCount === currentCount) return [live, live.stream];
      if (context.limits !== undefined) checkShardCountTarget(targetCount, currentCount);
      return [live, countDailyChange(beginResize(live.stream, targetCount, context), "shardCountChanges", context)];
    });
    return {
      StreamName: stream.name,
      StreamARN: streamArn(stream),
      CurrentShardCount: currentCount,
      TargetShardCount: targetCount,
    };
  },
});
