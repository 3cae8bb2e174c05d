import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { KinesisConnection, LostCall, RefusedCall } from "./kinesis-connection.ts";
import { type GetRecordsAnswer, streamName } from "./load-actors.ts";
import { newProgress, type ReadRecord, type RecordHistory, type ShardProgress } from "./record-history.ts";
import { listShards } from "./stream-changer.ts";

const pollMs = 20;

interface FollowedShard {
  readonly records: ReadRecord[];
  readonly progress: ShardProgress;
  /** Null behind the last record of a closed shard; undefined until one was got. */
  iterator: string | null | undefined;
  isAtTip: boolean;
}

interface ChildShard {
  readonly ShardId: string;
  readonly ParentShards: readonly string[];
}

/**
 * Reads a stream as a consumer does, while it is written and resharded: every shard from its start, and a child when all its
 * parents are read to their ends. Each call goes to whichever server `endpoint` names; what fails is asked again.
 */
export class LineageReader {
  readonly #endpoint: () => string;
  readonly #history: RecordHistory;
  readonly #shards = new Map<string, FollowedShard>();
  /** Children by id, with the parents that are not read to their ends. */
  readonly #awaited = new Map<string, Set<string>>();
  /** The last number of each writer under each partition key, over all shards. */
  readonly #lastNumbers = new Map<string, number>();
  readonly #failures: string[] = [];

  constructor(endpoint: () => string, history: RecordHistory) {
    this.#endpoint = endpoint;
    this.#history = history;
  }

  /** What answers said that failed by the server's fault. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  /** What was read so far, by shard. */
  get records(): ReadonlyMap<string, readonly ReadRecord[]> {
    return new Map([...this.#shards].map(([shardId, { records }]) => [shardId, records]));
  }

  /** Reads until nothing follows after `isOver()`. Throws at what a consumer must never see. */
  async follow(isOver: () => boolean): Promise<void> {
    const shards = await this.#ask((connection) => listShards(connection, streamName));
    for (const { ShardId, ParentShardId } of shards) if (ParentShardId === undefined) this.#add(ShardId);
    for (;;) {
      const isLast = isOver();
      for (const [shardId, shard] of [...this.#shards]) await this.#read(shardId, shard);
      if (isLast && [...this.#shards.values()].every(({ isAtTip }) => isAtTip)) break;
      await pause(pollMs);
    }
    assert.deepEqual([...this.#awaited.keys()], [], "children of which a parent was never read to its end");
  }

  #add(shardId: string): void {
    assert(!this.#shards.has(shardId), `${shardId} is a child twice`);
    this.#shards.set(shardId, { records: [], progress: newProgress(), iterator: undefined, isAtTip: false });
  }

  async #read(shardId: string, shard: FollowedShard): Promise<void> {
    if (shard.iterator === null) return;
    shard.iterator ??= await this.#ask(async (connection) => {
      const input = { StreamName: streamName, ShardId: shardId, ShardIteratorType: "TRIM_HORIZON" };
      return (await connection.call<{ readonly ShardIterator: string }>("GetShardIterator", input)).ShardIterator;
    });
    const input = { ShardIterator: shard.iterator };
    const page = await this.#ask((connection) => {
      return connection.call<GetRecordsAnswer & { readonly ChildShards?: readonly ChildShard[] }>("GetRecords", input);
    });
    this.#history.see(shardId, page.Records, shard.progress);
    for (const record of page.Records) this.#checkOrderOfKey(shardId, record);
    shard.records.push(...page.Records);
    shard.iterator = page.NextShardIterator ?? null;
    shard.isAtTip = page.Records.length === 0 && page.MillisBehindLatest === 0;
    if (shard.iterator === null) this.#endShard(shardId, shard, page.ChildShards ?? []);
  }

  #endShard(shardId: string, shard: FollowedShard, children: readonly ChildShard[]): void {
    shard.isAtTip = true;
    assert(children.length > 0, `${shardId} has ended without children`);
    for (const { ShardId, ParentShards } of children) {
      const parents = this.#awaited.get(ShardId) ?? new Set(ParentShards);
      parents.delete(shardId);
      this.#awaited.set(ShardId, parents);
      if (parents.size > 0) continue;
      this.#awaited.delete(ShardId);
      this.#add(ShardId);
    }
  }

  /** Records of a key stay in the order in which they were acknowledged, from parents to children. */
  #checkOrderOfKey(shardId: string, { Data, PartitionKey }: ReadRecord): void {
    const [, number = ""] = Buffer.from(Data, "base64").toString("latin1", 0, 40).split(":");
    const last = this.#lastNumbers.get(PartitionKey) ?? -1;
    assert(Number(number) > last, `${shardId}: ${PartitionKey} has number ${number} behind ${last}`);
    this.#lastNumbers.set(PartitionKey, Number(number));
  }

  /** Asks again until a server answers. */
  async #ask<T>(request: (connection: KinesisConnection) => Promise<T>): Promise<T> {
    for (;;) {
      const connection = new KinesisConnection(this.#endpoint());
      try {
        return await request(connection);
      } catch (error) {
        const isFailure = error instanceof RefusedCall && error.status >= 500;
        if (isFailure) this.#failures.push(error.message);
        else if (!(error instanceof LostCall)) throw error;
        await pause(pollMs);
      } finally {
        connection.close();
      }
    }
  }
}
