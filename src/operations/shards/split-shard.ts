import { planSplit } from "../../streams/resharding/reshard-plan.ts";
import { beginReshard } from "../begin-transition.ts";
import { checkShardQuota } from "../check-shard-quota.ts";
import { defineOperation } from "../operation.ts";
import { findStream, requireStream } from "../require-stream.ts";
import { shardIndexOf } from "../shard-index-of.ts";
import { updateStreamDocument } from "../update-stream-document.ts";

export const splitShard = defineOperation({
  name: "SplitShard",
  plane: "control",
  async handle(input, context) {
    const shardIndex = shardIndexOf(input.ShardToSplit, findStream(input, context).place);
    const newStartingHashKey = BigInt(input.NewStartingHashKey);
    await updateStreamDocument(context, () => {
      const revision = requireStream(input, context);
      const plan = planSplit(revision.stream, { shardIndex, newStartingHashKey }, () =>
        checkShardQuota({ open: 1, created: 2 }, context),
      );
      return [revision, beginReshard(revision.stream, plan, context)];
    });
    return undefined;
  },
});
