import { planSplit } from "../../streams/resharding/reshard-plan.ts";
import { withReshardIntent } from "../begin-transition.ts";
import { checkShardQuota } from "../check-shard-quota.ts";
import { defineOperation } from "../operation.ts";
import { parseShardIndex } from "../parse-shard-index.ts";
import { findStream, requireStream } from "../require-stream.ts";
import { updateStreamDocument } from "../update-stream-document.ts";

export const splitShard = defineOperation({
  name: "SplitShard",
  plane: "control",
  async handle(input, context) {
    const shardIndex = parseShardIndex(input.ShardToSplit, findStream(input, context).place);
    const newStartingHashKey = BigInt(input.NewStartingHashKey);
    await updateStreamDocument(context, () => {
      const revision = requireStream(input, context);
      const plan = planSplit(revision.stream, { shardIndex, newStartingHashKey }, () =>
        checkShardQuota({ open: 1, created: 2 }, context),
      );
      return [revision, withReshardIntent(revision.stream, plan, context)];
    });
    return undefined;
  },
});
