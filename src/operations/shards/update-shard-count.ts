import { shardLimitExceeded, streamIsOnDemand } from "../../model/stream-errors.ts";
import { streamArn } from "../../streams/arn.ts";
import { changeStream } from "../change-stream.ts";
import { countChange } from "../counted-change.ts";
import { dueMs } from "../due.ts";
import { operation } from "../operation.ts";
import { requireStreamIn } from "../require-stream.ts";
import { serverShardQuota } from "../server-shards.ts";

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
      currentCount = live.stream.shards.filter((shard) => shard.closed === undefined).length;
      if (targetCount === currentCount) return [live, live.stream];
      context.limits?.checkResize(currentCount, targetCount);
      const quota = serverShardQuota(context);
      // On its way up a resize splits every shard before it merges: twice the shards for a moment.
      const additional = targetCount > currentCount ? Math.max(targetCount, 2 * currentCount) : 0;
      if (quota.openCount + additional > quota.openCountMax) {
        throw shardLimitExceeded(live.stream, { current: quota.openCount, limit: quota.openCountMax, additional });
      }
      const intent = { kind: "resize", operationId: context.newId(), dueMs: dueMs(context), targetCount } as const;
      return [live, { ...countChange(live.stream, "resize", context), status: "UPDATING", intent }];
    });
    return {
      StreamName: stream.name,
      StreamARN: streamArn(stream),
      CurrentShardCount: currentCount,
      TargetShardCount: targetCount,
    };
  },
});
