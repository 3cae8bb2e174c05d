import type { Shard, Stream } from "../../streams/stream.ts";
import type { OperationContext } from "../operation-context.ts";

/** A fresh iterator, good for the five minutes from now. */
export function newShardIterator(stream: Stream, shard: Shard, position: bigint, context: OperationContext): string {
  return context.iterators.encode({
    createdMs: context.clock.nowMs(),
    account: stream.account,
    region: stream.region,
    streamName: stream.name,
    streamId: stream.id,
    shardIndex: shard.index,
    position,
  });
}
