import { firstPage } from "../../streams/list-page.ts";
import { visibleShards } from "../../streams/positions/shard-filter.ts";
import { formatShardId } from "../../streams/positions/shard-id.ts";
import { trimHorizonMs } from "../../streams/retention-window.ts";
import { defineOperation } from "../operation.ts";
import { requireStream } from "../require-stream.ts";
import { shardOutput } from "../shards/shard-output.ts";
import { streamDescriptionOutput } from "./stream-output.ts";

/** API reference: 100 shards by default. A larger Limit is accepted and capped (observed). */
const pageShardsMax = 100;

/** Works in every state; CREATING and DELETING streams list no shards (observed). ExclusiveStartShardId need not exist. */
export const describeStream = defineOperation({
  name: "DescribeStream",
  plane: "control",
  async handle(input, context) {
    const { stream } = requireStream(input, context);
    const isDeleting = stream.status === "DELETING";
    const visible = isDeleting ? [] : visibleShards(stream, trimHorizonMs(context.clock.nowMs(), stream));
    const start = input.ExclusiveStartShardId;
    const rest = start === undefined ? visible : visible.filter((shard) => formatShardId(shard.index) > start);
    const { items, hasMore } = firstPage(rest, Math.min(input.Limit ?? pageShardsMax, pageShardsMax));
    return {
      StreamDescription: { ...streamDescriptionOutput(stream), Shards: items.map(shardOutput), HasMoreShards: hasMore },
    };
  },
});
