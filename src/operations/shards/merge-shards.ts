import { planMerge } from "../../streams/resharding/reshard-plan.ts";
import { changeStream } from "../change-stream.ts";
import { operation } from "../operation.ts";
import { requireShardId } from "../require-shard.ts";
import { findStream, requireStream } from "../require-stream.ts";
import { beginReshard } from "./begin-reshard.ts";

/** Only the lower range first is accepted (observed); a reversed pair is not adjacent. */
export const mergeShards = operation({
  name: "MergeShards",
  plane: "control",
  async handle(input, context) {
    const { place } = findStream(input, context);
    const shardIndex = requireShardId(input.ShardToMerge, place);
    const adjacentShardIndex = requireShardId(input.AdjacentShardToMerge, place);
    await changeStream(context, () => {
      const live = requireStream(input, context);
      const plan = planMerge(live.stream, { shardIndex, adjacentShardIndex });
      return [live, beginReshard(live.stream, plan, context)];
    });
    return undefined;
  },
});
