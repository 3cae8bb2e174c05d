import { planMerge } from "../../streams/resharding/reshard-plan.ts";
import { beginReshard } from "../begin-transition.ts";
import { defineOperation } from "../operation.ts";
import { findStream, requireStream } from "../require-stream.ts";
import { shardIndexOf } from "../shard-index-of.ts";
import { updateStreamDocument } from "../update-stream-document.ts";

/** ShardToMerge must have the lower hash key range (observed); a reversed pair is not adjacent. */
export const mergeShards = defineOperation({
  name: "MergeShards",
  plane: "control",
  async handle(input, context) {
    const { place } = findStream(input, context);
    const shardIndex = shardIndexOf(input.ShardToMerge, place);
    const adjacentShardIndex = shardIndexOf(input.AdjacentShardToMerge, place);
    await updateStreamDocument(context, () => {
      const revision = requireStream(input, context);
      const plan = planMerge(revision.stream, { shardIndex, adjacentShardIndex });
      return [revision, beginReshard(revision.stream, plan, context)];
    });
    return undefined;
  },
});
