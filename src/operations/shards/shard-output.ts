import type * as shapes from "../../model/shapes.generated.ts";
import { endingSequenceNumber, startingSequenceNumber } from "../../streams/positions/sequence-number.ts";
import { formatShardId } from "../../streams/positions/shard-id.ts";
import type { Shard } from "../../streams/stream.ts";

/** A shard as DescribeStream and ListShards return it. Members that do not apply are absent, never null (observed). */
export function shardOutput(shard: Shard): shapes.Shard {
  const { parent, adjacentParent, closed } = shard;
  return {
    ShardId: formatShardId(shard.index),
    ...(parent === undefined ? {} : { ParentShardId: formatShardId(parent) }),
    ...(adjacentParent === undefined ? {} : { AdjacentParentShardId: formatShardId(adjacentParent) }),
    HashKeyRange: hashKeyRangeShape(shard),
    SequenceNumberRange: {
      StartingSequenceNumber: startingSequenceNumber(shard),
      ...(closed === undefined ? {} : { EndingSequenceNumber: endingSequenceNumber(shard, closed.second) }),
    },
  };
}

/** The children of a closed shard, as GetRecords and SubscribeToShard return them at its end. */
export function childShardOutputs(shards: readonly Shard[], parentIndex: number): readonly shapes.ChildShard[] {
  return shards
    .filter((shard) => shard.parent === parentIndex || shard.adjacentParent === parentIndex)
    .map((child) => ({
      ShardId: formatShardId(child.index),
      ParentShards: [child.parent, child.adjacentParent].filter((index) => index !== undefined).map(formatShardId),
      HashKeyRange: hashKeyRangeShape(child),
    }));
}

function hashKeyRangeShape(shard: Shard): shapes.HashKeyRange {
  return { StartingHashKey: shard.startingHashKey.toString(), EndingHashKey: shard.endingHashKey.toString() };
}
