import assert from "node:assert/strict";
import type { Clock } from "../../time/clock.ts";
import { toAppendBatch, toAppendOutcomes } from "../append-batch.ts";
import { EngineError } from "../engine-error.ts";
import type {
  Append,
  AppendBatch,
  AppendOutcome,
  FollowOptions,
  PlacementHint,
  Position,
  ReadLimit,
  ReadResult,
  SeekTarget,
  ShardLog,
  ShardRef,
  StoredEntry,
} from "../shard-log.ts";
import { chunkBytesFor } from "./memory-chunk.ts";
import { MemoryShard } from "./memory-shard.ts";

export const memoryShardCountMax = 65_536;
const recordsPerEntryMax = 4096;
/** Entries in one batch of `follow()`; its bytes are bounded by `bufferedBytesMax`. */
const entriesPerBatchMax = 1_024;

interface MemoryStream {
  retentionMs: number;
  readonly shards: Map<number, MemoryShard>;
}

export interface MemoryShardLogOptions {
  readonly clock: Clock;
  /** Bytes of the chunks of all shards, their free ends included. */
  readonly memoryBudgetBytes: number;
  readonly entryBytesMax: number;
}

/** Shard logs in the memory of this process. Each call changes them synchronously, so the order is that of the calls. */
export class MemoryShardLog implements ShardLog {
  readonly #clock: Clock;
  readonly #budgetBytes: number;
  readonly #entryBytesMax: number;
  readonly #streams = new Map<string, MemoryStream>();
  #open = false;
  #shardCount = 0;
  #usedBytes = 0;
  #callCount = 0;
  /** Until this time in ms no chunk of any shard has expired. */
  #releaseMsNext = Number.POSITIVE_INFINITY;

  constructor({ clock, memoryBudgetBytes, entryBytesMax }: MemoryShardLogOptions) {
    this.#clock = clock;
    this.#budgetBytes = memoryBudgetBytes;
    this.#entryBytesMax = entryBytesMax;
  }

  get shardCount(): number {
    return this.#shardCount;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  open(): void {
    this.#open = true;
  }

  close(): void {
    this.#open = false;
    for (const streamId of [...this.#streams.keys()]) this.#dropStream(streamId);
  }

  async createShard(streamId: string, shardIndex: number, _hint: PlacementHint): Promise<ShardRef> {
    this.#assertOpen();
    let stream = this.#streams.get(streamId);
    if (stream?.shards.has(shardIndex) !== true) {
      if (this.#shardCount >= memoryShardCountMax) {
        throw new EngineError(
          "throttled",
          `The memory engine has ${memoryShardCountMax} shards, which is its limit; no shard was created. Delete streams, or use fewer shards.`,
        );
      }
      stream ??= { retentionMs: Number.POSITIVE_INFINITY, shards: new Map() };
      stream.shards.set(shardIndex, new MemoryShard(stream.retentionMs));
      this.#streams.set(streamId, stream);
      this.#shardCount += 1;
    }
    return { streamId, shardIndex, placement: {} };
  }

  async append(entries: readonly Append[], settingsEpoch?: number): Promise<readonly AppendOutcome[]> {
    return toAppendOutcomes(await this.appendBatch(toAppendBatch(entries, settingsEpoch)));
  }

  async appendBatch(batch: AppendBatch): Promise<BigUint64Array> {
    this.#assertOpen();
    const nowMs = this.#clock.nowMs();
    const { count, recordCounts, timesMs, bytes, bodyStarts, bodyBytes, settingsEpoch } = batch;
    const shards = this.#shardsOf(batch);
    for (const shard of shards) this.#usedBytes -= shard.release(nowMs);
    let spareBytes = this.#spareBytes(batch, shards);
    if (spareBytes < 0) {
      this.#releaseAll(nowMs);
      spareBytes = this.#spareBytes(batch, shards);
    }
    if (spareBytes < 0) {
      throw new EngineError(
        "throttled",
        `The memory budget of ${this.#budgetBytes} bytes is used up; nothing was stored. Memory is freed as records expire. Shorten the retention of streams, delete streams, or raise --memory-budget.`,
      );
    }
    const positions = new BigUint64Array(count);
    for (const [index, shard] of shards.entries()) {
      if (!shard.takes(settingsEpoch)) continue;
      const start = bodyStarts[index] as number;
      const body = bytes.subarray(start, start + (bodyBytes[index] as number));
      const entry = { count: recordCounts[index] as number, timeMs: timesMs[index] as number, body };
      const bytesBefore = shard.byteLength;
      positions[index] = shard.append(entry, nowMs, spareBytes);
      const grownBytes = shard.byteLength - bytesBefore;
      if (grownBytes > 0) {
        this.#usedBytes += grownBytes;
        spareBytes -= grownBytes - chunkBytesFor(body.length);
        this.#releaseMsNext = Math.min(this.#releaseMsNext, shard.releaseMs());
      }
    }
    for (const shard of shards) shard.changed.notify();
    return positions;
  }

  async read(shard: ShardRef, from: Position, limit: ReadLimit): Promise<ReadResult> {
    this.#assertOpen();
    return this.#shard(shard).read(from, limit);
  }

  async seek(shard: ShardRef, target: SeekTarget): Promise<Position> {
    this.#assertOpen();
    return this.#shard(shard).seek(target);
  }

  /** Buffers nothing: each pull reads from the shard, so a slow follower takes no memory. */
  async *follow(
    shard: ShardRef,
    from: Position,
    options: FollowOptions,
  ): AsyncGenerator<readonly StoredEntry[], undefined> {
    const { signal, bufferedBytesMax, admission } = options;
    let next = from;
    let isNew = false;
    while (!signal.aborted) {
      this.#assertOpen();
      if (next >= this.#shard(shard).tip) {
        const { sealed, changed } = this.#shard(shard);
        if (sealed) return;
        await changed.wait(signal);
        isNew = true;
        continue;
      }
      const bytesMax = (await admission?.take(isNew)) ?? bufferedBytesMax;
      isNew = false;
      if (signal.aborted) return;
      this.#assertOpen();
      const result = this.#shard(shard).read(next, { entriesMax: entriesPerBatchMax, bytesMax });
      next = result.next;
      if (result.entries.length > 0) yield result.entries;
      else admission?.giveBack();
    }
  }

  async seal(shard: ShardRef, _operationId: string): Promise<{ readonly end: Position }> {
    this.#assertOpen();
    return { end: this.#shard(shard).seal() };
  }

  async fenceBefore(shard: ShardRef, settingsEpoch: number): Promise<number> {
    this.#assertOpen();
    return this.#shard(shard).fenceBefore(settingsEpoch);
  }

  /** Applies to later shards of the stream as well. Memory is freed when it is needed. */
  async setRetention(streamId: string, _shards: readonly ShardRef[], retentionMs: number): Promise<void> {
    this.#assertOpen();
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    stream.retentionMs = retentionMs;
    for (const shard of stream.shards.values()) {
      shard.retentionMs = retentionMs;
      this.#releaseMsNext = Math.min(this.#releaseMsNext, shard.releaseMs());
    }
  }

  async dropShard({ streamId, shardIndex }: ShardRef): Promise<void> {
    this.#assertOpen();
    const stream = this.#streams.get(streamId);
    const shard = stream?.shards.get(shardIndex);
    if (stream === undefined || shard === undefined) return;
    stream.shards.delete(shardIndex);
    this.#forget(shard);
  }

  async dropStream(streamId: string, _shards: readonly ShardRef[]): Promise<void> {
    this.#assertOpen();
    this.#dropStream(streamId);
  }

  #dropStream(streamId: string): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    this.#streams.delete(streamId);
    for (const shard of stream.shards.values()) this.#forget(shard);
  }

  #forget(shard: MemoryShard): void {
    this.#shardCount -= 1;
    this.#usedBytes -= shard.byteLength;
    shard.changed.notify();
  }

  /** The shard of each entry. Throws unless all entries may be stored. */
  #shardsOf({ count, shards, shardOf, recordCounts, bodyBytes }: AppendBatch): readonly MemoryShard[] {
    const found: MemoryShard[] = [];
    for (let index = 0; index < count; index++) {
      const recordCount = recordCounts[index] as number;
      assert(recordCount >= 1 && recordCount <= recordsPerEntryMax, "an entry has 1 to 4096 records");
      const bytes = bodyBytes[index] as number;
      if (bytes > this.#entryBytesMax) {
        throw new EngineError(
          "too_large",
          `An entry of ${bytes} bytes is over the limit of ${this.#entryBytesMax} bytes; nothing was stored.`,
        );
      }
      found.push(this.#shard(shards[shardOf[index] as number] as ShardRef));
    }
    return found;
  }

  /**
   * The bytes of the budget that are left when every entry is stored in a chunk of its own size; negative if they do not
   * fit. The first entry of a call for a shard costs nothing if the shard's last chunk has space for it.
   */
  #spareBytes({ bodyBytes: bodyBytesOf, settingsEpoch }: AppendBatch, shards: readonly MemoryShard[]): number {
    this.#callCount += 1;
    let spareBytes = this.#budgetBytes - this.#usedBytes;
    for (const [index, shard] of shards.entries()) {
      const bodyBytes = bodyBytesOf[index] as number;
      if (!shard.takes(settingsEpoch)) continue;
      const first = shard.callLast !== this.#callCount;
      shard.callLast = this.#callCount;
      if (first && shard.fitsLastChunk(bodyBytes)) continue;
      spareBytes -= chunkBytesFor(bodyBytes);
    }
    return spareBytes;
  }

  /** Frees the expired chunks of all shards. Cheap to repeat: it reads the shards only after one of their chunks has expired. */
  #releaseAll(nowMs: number): void {
    if (nowMs <= this.#releaseMsNext) return;
    this.#releaseMsNext = Number.POSITIVE_INFINITY;
    for (const stream of this.#streams.values()) {
      for (const shard of stream.shards.values()) {
        this.#usedBytes -= shard.release(nowMs);
        this.#releaseMsNext = Math.min(this.#releaseMsNext, shard.releaseMs());
      }
    }
  }

  #shard({ streamId, shardIndex }: ShardRef): MemoryShard {
    const shard = this.#streams.get(streamId)?.shards.get(shardIndex);
    if (shard === undefined) {
      throw new EngineError(
        "not_found",
        `Shard ${shardIndex} of stream ${streamId} does not exist in the memory engine.`,
      );
    }
    return shard;
  }

  #assertOpen(): void {
    if (!this.#open) throw new EngineError("closed", "The memory engine is closed; nothing was stored.");
  }
}
