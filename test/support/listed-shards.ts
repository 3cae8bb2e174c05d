/** Shards and pages as a client of `TestServer` receives them. */
import assert from "node:assert/strict";
import type { TestServer } from "./test-server.ts";

export interface HashKeyRange {
  readonly StartingHashKey: string;
  readonly EndingHashKey: string;
}

export interface ListedShard {
  readonly ShardId: string;
  readonly ParentShardId?: string;
  readonly AdjacentParentShardId?: string;
  readonly HashKeyRange: HashKeyRange;
  readonly SequenceNumberRange: { readonly StartingSequenceNumber: string; readonly EndingSequenceNumber?: string };
}

export interface PageOutput {
  readonly Records: readonly {
    readonly Data: string;
    readonly PartitionKey: string;
    readonly SequenceNumber: string;
    readonly ApproximateArrivalTimestamp: number;
    readonly EncryptionType?: string;
  }[];
  readonly NextShardIterator?: string;
  readonly ChildShards?: readonly {
    readonly ShardId: string;
    readonly ParentShards: readonly string[];
    readonly HashKeyRange: HashKeyRange;
  }[];
  readonly MillisBehindLatest: number;
}

const listPageShards = 7;

/** All shards of the stream, page by page. */
export async function listShards(server: TestServer, name: string, filter?: object): Promise<readonly ListedShard[]> {
  const shards: ListedShard[] = [];
  let input: object = { StreamName: name, ...(filter === undefined ? {} : { ShardFilter: filter }) };
  for (;;) {
    const page: { readonly Shards: readonly ListedShard[]; readonly NextToken?: string } = await server.expectOk(
      "ListShards",
      { ...input, MaxResults: listPageShards },
    );
    shards.push(...page.Shards);
    if (page.NextToken === undefined) return shards;
    input = { NextToken: page.NextToken };
  }
}

/** Asserts that the ranges cover the key space, each key once. */
export function checkHashRanges(shards: readonly ListedShard[]): void {
  let next = 0n;
  const ranges = shards.map(({ HashKeyRange: range }) => ({
    start: BigInt(range.StartingHashKey),
    end: BigInt(range.EndingHashKey),
  }));
  for (const { start, end } of ranges.sort((one, other) => (one.start < other.start ? -1 : 1))) {
    assert(start === next && end >= start, `hash key ${next} belongs to one shard`);
    next = end + 1n;
  }
  assert.equal(next, 2n ** 128n, "the ranges reach the end of the key space");
}
