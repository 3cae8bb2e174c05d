/** Splits, merges, creates, deletes and tags while others write, and holds the server to what it agreed to. */
import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { type KinesisConnection, LostCall, RefusedCall } from "./kinesis-connection.ts";
import { streamName } from "./load-actors.ts";
import type { SeededRandom } from "./seeded-random.ts";

export interface ShardDescription {
  readonly ShardId: string;
  readonly ParentShardId?: string;
  readonly AdjacentParentShardId?: string;
  readonly HashKeyRange: { readonly StartingHashKey: string; readonly EndingHashKey: string };
  readonly SequenceNumberRange: { readonly EndingSequenceNumber?: string };
}

const openShardsMax = 10;
const pauseMsMax = 150;
const settlePollMs = 10;
const settlePollsMax = 1_000;
const hashKeyEnd = 2n ** 128n - 1n;

export class StreamChanger {
  readonly #random: SeededRandom;
  /** Shards that a split or a merge, once agreed to, has closed. */
  readonly #closed = new Set<string>();
  /** Side streams by name, with their shards; 0: agreed to be gone. A stream whose fate is unknown is not in here. */
  readonly #sideStreams = new Map<string, number>();
  readonly #tags = new Map<string, string>();
  #count = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  async changeUntilLost(connection: KinesisConnection): Promise<void> {
    try {
      for (;;) {
        await wait(this.#random.integer(0, pauseMsMax));
        await this.#change(connection).catch((error: unknown) => {
          // An earlier change is still under way.
          if (!(error instanceof RefusedCall && error.type === "ResourceInUseException")) throw error;
        });
      }
    } catch (error) {
      if (!(error instanceof LostCall)) throw error;
    } finally {
      connection.close();
    }
  }

  /** After a restart: what was agreed to has happened or happens soon, and what was not is whole or absent. */
  async check(connection: KinesisConnection): Promise<void> {
    await settled(connection, streamName);
    const shards = await listShards(connection, streamName);
    assertTiles(shards.filter(isOpen));
    for (const shardId of this.#closed) {
      const shard = shards.find((one) => one.ShardId === shardId);
      assert(shard !== undefined && !isOpen(shard), `${shardId} was split or merged and is open again`);
    }
    for (const [name, shardCount] of this.#sideStreams) {
      const status = await settled(connection, name);
      assert.equal(status, shardCount === 0 ? "gone" : "ACTIVE", `side stream ${name}`);
      if (shardCount > 0) assert.equal((await listShards(connection, name)).length, shardCount, `shards of ${name}`);
    }
    const { Tags } = await connection.call<{
      readonly Tags: readonly { readonly Key: string; readonly Value: string }[];
    }>("ListTagsForStream", { StreamName: streamName });
    const tags = new Map(Tags.map((tag) => [tag.Key, tag.Value]));
    for (const [key, value] of this.#tags) assert.equal(tags.get(key), value, `tag ${key}`);
  }

  async #change(connection: KinesisConnection): Promise<void> {
    const dice = this.#random.next();
    this.#count++;
    if (dice < 0.5) return this.#reshard(connection);
    if (dice < 0.7) return this.#createSideStream(connection);
    if (dice < 0.85) return this.#deleteSideStream(connection);
    return this.#tag(connection);
  }

  async #reshard(connection: KinesisConnection): Promise<void> {
    // Shards listed during an earlier change may be closed by it before the next one is asked for.
    await settled(connection, streamName);
    const open = await listOpenShards(connection, streamName);
    const index = this.#random.integer(0, open.length - 1);
    const [shard, next] = [open[index], open[index + 1]];
    if (shard === undefined) return;
    if (open.length < openShardsMax && this.#random.next() < 0.7) {
      await splitInMiddle(connection, streamName, shard);
      this.#closed.add(shard.ShardId);
    } else if (next !== undefined) {
      const AdjacentShardToMerge = next.ShardId;
      await connection.call("MergeShards", {
        StreamName: streamName,
        ShardToMerge: shard.ShardId,
        AdjacentShardToMerge,
      });
      this.#closed.add(shard.ShardId).add(next.ShardId);
    }
  }

  async #createSideStream(connection: KinesisConnection): Promise<void> {
    const name = `side-${this.#count}`;
    const ShardCount = this.#random.integer(1, 5);
    await connection.call("CreateStream", { StreamName: name, ShardCount });
    this.#sideStreams.set(name, ShardCount);
  }

  async #deleteSideStream(connection: KinesisConnection): Promise<void> {
    const [name] = [...this.#sideStreams].find(([, shardCount]) => shardCount > 0) ?? [];
    if (name === undefined) return;
    const shardCount = this.#sideStreams.get(name) ?? 0;
    this.#sideStreams.delete(name);
    try {
      await connection.call("DeleteStream", { StreamName: name });
      this.#sideStreams.set(name, 0);
    } catch (error) {
      if (error instanceof RefusedCall) this.#sideStreams.set(name, shardCount);
      throw error;
    }
  }

  async #tag(connection: KinesisConnection): Promise<void> {
    const key = `tag-${this.#count % 10}`;
    const value = String(this.#count);
    this.#tags.delete(key);
    await connection.call("AddTagsToStream", { StreamName: streamName, Tags: { [key]: value } });
    this.#tags.set(key, value);
  }
}

export async function listShards(connection: KinesisConnection, name: string): Promise<readonly ShardDescription[]> {
  const shards: ShardDescription[] = [];
  for (let token: string | undefined, more = true; more; more = token !== undefined) {
    const page: { readonly Shards: readonly ShardDescription[]; readonly NextToken?: string } = await connection.call(
      "ListShards",
      token === undefined ? { StreamName: name } : { NextToken: token },
    );
    shards.push(...page.Shards);
    token = page.NextToken;
  }
  return shards;
}

/** By their first hash keys. */
export async function listOpenShards(
  connection: KinesisConnection,
  name: string,
): Promise<readonly ShardDescription[]> {
  return (await listShards(connection, name)).filter(isOpen).sort(byStart);
}

export async function splitInMiddle(
  connection: KinesisConnection,
  StreamName: string,
  shard: ShardDescription,
): Promise<void> {
  const NewStartingHashKey = String((startOf(shard) + endOf(shard) + 1n) / 2n);
  await connection.call("SplitShard", { StreamName, ShardToSplit: shard.ShardId, NewStartingHashKey });
}

/** Waits until the stream is neither being created, changed nor deleted. */
export async function settled(connection: KinesisConnection, name: string): Promise<"ACTIVE" | "gone"> {
  for (let polls = 0; polls < settlePollsMax; polls++, await wait(settlePollMs)) {
    try {
      const answer = await connection.call<{
        readonly StreamDescriptionSummary: { readonly StreamStatus: string };
      }>("DescribeStreamSummary", { StreamName: name });
      if (answer.StreamDescriptionSummary.StreamStatus === "ACTIVE") return "ACTIVE";
    } catch (error) {
      if (error instanceof RefusedCall && error.type === "ResourceNotFoundException") return "gone";
      throw error;
    }
  }
  throw new Error(`stream ${name} is still changing after ${settlePollsMax} looks at it`);
}

/** The open shards cover every hash key exactly once. */
function assertTiles(open: readonly ShardDescription[]): void {
  let next = 0n;
  for (const shard of open.toSorted(byStart)) {
    assert.equal(startOf(shard), next, `the open shards have a gap or an overlap before ${shard.ShardId}`);
    next = endOf(shard) + 1n;
  }
  assert.equal(next, hashKeyEnd + 1n, "the open shards do not reach the last hash key");
}

function isOpen(shard: ShardDescription): boolean {
  return shard.SequenceNumberRange.EndingSequenceNumber === undefined;
}

function startOf(shard: ShardDescription): bigint {
  return BigInt(shard.HashKeyRange.StartingHashKey);
}

function endOf(shard: ShardDescription): bigint {
  return BigInt(shard.HashKeyRange.EndingHashKey);
}

function byStart(a: ShardDescription, b: ShardDescription): number {
  return startOf(a) < startOf(b) ? -1 : 1;
}
