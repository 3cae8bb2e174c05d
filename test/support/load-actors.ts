/** Those who use the server until it dies: writers, a reader at the tail, and one who changes streams meanwhile. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { KinesisConnection, LostCall, RefusedCall } from "./kinesis-connection.ts";
import { newProgress, type ReadRecord, type RecordHistory, type ShardProgress } from "./record-history.ts";
import type { SeededRandom } from "./seeded-random.ts";

export const streamName = "kill-nine";

export interface GetRecordsAnswer {
  readonly Records: readonly ReadRecord[];
  readonly NextShardIterator?: string;
  readonly MillisBehindLatest: number;
}

interface PutResult {
  readonly ShardId?: string;
  readonly SequenceNumber?: string;
  readonly ErrorCode?: string;
  readonly ErrorMessage?: string;
}

const partitionKeyCount = 16;
const paddingBytesMax = 1500;
/** Some records are long, so that files of the log fill up and are sealed while the server runs. */
const longShare = 0.2;
const longPaddingBytesMax = 60_000;
const batchRecordsMax = 25;

/** Waits for each answer before it sends again, so that within a shard its numbers must rise. */
export class Writer {
  readonly #index: number;
  readonly #random: SeededRandom;
  readonly #history: RecordHistory;
  #sent = 0;
  #acknowledged = 0;
  readonly #failures: string[] = [];

  constructor(index: number, random: SeededRandom, history: RecordHistory) {
    this.#index = index;
    this.#random = random;
    this.#history = history;
  }

  /** Records sent so far. */
  get sentCount(): number {
    return this.#sent;
  }

  get acknowledgedCount(): number {
    return this.#acknowledged;
  }

  /** What answers said that failed by the server's fault, for a call or for a record. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  async writeUntilLost(endpoint: string): Promise<void> {
    await this.write(endpoint, Number.POSITIVE_INFINITY);
  }

  /** So many calls, or fewer if the server goes. */
  async write(endpoint: string, callCount: number): Promise<void> {
    const connection = new KinesisConnection(endpoint);
    try {
      for (let sent = 0; sent < callCount; sent++) await this.#write(connection);
    } catch (error) {
      if (!(error instanceof LostCall)) throw error;
    } finally {
      connection.close();
    }
  }

  async #write(connection: KinesisConnection): Promise<void> {
    const isBatch = this.#random.next() < 0.5;
    const sent = Array.from({ length: isBatch ? this.#random.integer(1, batchRecordsMax) : 1 }, () =>
      this.#history.send(this.#index, this.#sent++, {
        partitionKey: `writer ${this.#index}, key ${this.#random.integer(1, partitionKeyCount)}`,
        paddingBytes: this.#random.integer(0, this.#random.next() < longShare ? longPaddingBytesMax : paddingBytesMax),
      }),
    );
    const entries = sent.map((record) => ({ Data: record.data, PartitionKey: record.partitionKey }));
    const results = await this.#put(connection, isBatch, entries);
    for (const [index, result] of results.entries()) {
      const id = sent[index]?.id;
      if (result.ErrorCode === "InternalFailure") this.#failures.push(`PutRecords, a record: ${result.ErrorMessage}`);
      // A record that was refused, for example for a reshard under way, promises nothing.
      if (id === undefined || result.ShardId === undefined || result.SequenceNumber === undefined) continue;
      this.#acknowledged += 1;
      this.#history.promise(id, { shardId: result.ShardId, sequenceNumber: result.SequenceNumber });
    }
  }

  async #put(
    connection: KinesisConnection,
    isBatch: boolean,
    entries: readonly object[],
  ): Promise<readonly PutResult[]> {
    try {
      if (!isBatch) return [await connection.call<PutResult>("PutRecord", { StreamName: streamName, ...entries[0] })];
      const input = { StreamName: streamName, Records: entries };
      return (await connection.call<{ readonly Records: readonly PutResult[] }>("PutRecords", input)).Records;
    } catch (error) {
      if (!(error instanceof RefusedCall && isTransient(error))) throw error;
      if (error.status >= 500) this.#failures.push(error.message);
      return [];
    }
  }
}

function isTransient(error: RefusedCall): boolean {
  return (
    error.status >= 500 || /^(ProvisionedThroughputExceeded|ResourceInUse|LimitExceeded)Exception$/.test(error.type)
  );
}

/** What it has been given it may have acted upon, so it counts as a promise like an acknowledgement. */
export async function followUntilLost(
  endpoint: string,
  { shardIds, history }: { readonly shardIds: readonly string[]; readonly history: RecordHistory },
): Promise<void> {
  const connection = new KinesisConnection(endpoint);
  const shards: { readonly shardId: string; readonly progress: ShardProgress; iterator: string | undefined }[] = [];
  try {
    for (const shardId of shardIds) {
      const input = { StreamName: streamName, ShardId: shardId, ShardIteratorType: "LATEST" };
      const { ShardIterator } = await connection.call<{ readonly ShardIterator: string }>("GetShardIterator", input);
      shards.push({ shardId, progress: newProgress(), iterator: ShardIterator });
    }
    // Once every shard that it began with has been split or merged there is nothing left to follow.
    while (shards.some(({ iterator }) => iterator !== undefined)) {
      await nextTurn();
      for (const shard of shards) {
        if (shard.iterator === undefined) continue;
        const page = await connection.call<GetRecordsAnswer>("GetRecords", { ShardIterator: shard.iterator });
        history.see(shard.shardId, page.Records, shard.progress);
        shard.iterator = page.NextShardIterator;
      }
    }
  } catch (error) {
    if (!(error instanceof LostCall)) throw error;
  } finally {
    connection.close();
  }
}
