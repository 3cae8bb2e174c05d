import { planMerge } from "../../streams/resharding/reshard-plan.ts";
import { withReshardIntent } from "../begin-transition.ts";
import { defineOperation } from "../operation.ts";
import { parseShardIndex } from "../parse-shard-index.ts";
import { findStream, requireStream } from "../require-stream.ts";
import { updateStreamDocument } from "../update-stream-document.ts";

/** ShardToMerge must have the lower hash key range (observed); a reversed pair is not adjacent. */
export const mergeShards = defineOperation({
  name: "MergeShards",
  plane: "control",
  async handle(input, context) {
    const { place } = findStream(input, context);
    const shardIndex = parseShardIndex(input.ShardToMerge, place);
    const adjacentShardIndex = parseShardIndex(input.AdjacentShardToMerge, place);
    await updateStreamDocument(context, () => {
      const revision = requireStream(input, context);
      const plan = planMerge(revision.stream, { shardIndex, adjacentShardIndex });
      return [revision, withReshardIntent(revision.stream, plan, context)];
    });
    return undefined;
  },
});
