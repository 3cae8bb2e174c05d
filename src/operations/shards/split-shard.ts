import { planSplit } from "../../streams/resharding/reshard-plan.ts";
import { changeStream } from "../change-stream.ts";
import { checkShardQuota } from "../check-shard-quota.ts";
import { operation } from "../operation.ts";
import { requireShardId } from "../require-shard.ts";
import { findStream, requireStream } from "../require-stream.ts";
import { beginReshard } from "./begin-reshard.ts";

export const splitShard = operation({
  name: "SplitShard",
  plane: "control",
  async handle(input, context) {
    const shardIndex = requireShardId(input.ShardToSplit, findStream(input, context).place);
    const newStartingHashKey = BigInt(input.NewStartingHashKey);
    await changeStream(context, () => {
      const live = requireStream(input, context);
      const plan = planSplit(live.stream, { shardIndex, newStartingHashKey }, () =>
        checkShardQuota({ open: 1, made: 2 }, context),
      );
      return [live, beginReshard(live.stream, plan, context)];
    });
    return undefined;
  },
});
