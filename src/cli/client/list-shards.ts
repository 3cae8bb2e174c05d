import type { Kinesis, Shard } from "@aws-sdk/client-kinesis";

/** A shard of a list, with its bounds as numbers. */
export interface ListedShard {
  readonly id: string;
  /** The parent and the adjacent parent, also those that have expired. */
  readonly parents: readonly string[];
  readonly firstHashKey: bigint;
  readonly lastHashKey: bigint;
  readonly startingSequenceNumber: string;
  /** Undefined while the shard is open. */
  readonly endingSequenceNumber: string | undefined;
}

/** All shards of the stream, open and closed, in the order of the service. */
export async function listShards(kinesis: Kinesis, stream: string): Promise<readonly ListedShard[]> {
  const shards: ListedShard[] = [];
  let input: { StreamName?: string; NextToken?: string } = { StreamName: stream };
  for (;;) {
    const { Shards = [], NextToken } = await kinesis.listShards(input);
    shards.push(...Shards.map(listedShard));
    if (NextToken === undefined || NextToken === null || NextToken === "") return shards;
    input = { NextToken };
  }
}

function listedShard(shard: Shard): ListedShard {
  return {
    id: shard.ShardId ?? "",
    parents: [shard.ParentShardId, shard.AdjacentParentShardId].filter(
      (id) => typeof id === "string" && id !== "",
    ) as string[],
    firstHashKey: BigInt(shard.HashKeyRange?.StartingHashKey ?? 0),
    lastHashKey: BigInt(shard.HashKeyRange?.EndingHashKey ?? 0),
    startingSequenceNumber: shard.SequenceNumberRange?.StartingSequenceNumber ?? "",
    endingSequenceNumber: shard.SequenceNumberRange?.EndingSequenceNumber ?? undefined,
  };
}
