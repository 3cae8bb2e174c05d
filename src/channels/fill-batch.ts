import type { StreamRevision } from "../registry/stream-revision.ts";
import type { ShardServices } from "../shards/shard-services.ts";
import type { Shard } from "../streams/stream.ts";
import type { Cut, ShardRange } from "./batch/cut.ts";
import type { BatchBuilder } from "./batch/destination.ts";
import type { DeliveredShard, PendingRecords } from "./pending-records.ts";
import { readPages } from "./read-pages.ts";

/** Where the records of a batch come from. */
export interface BatchSource {
  readonly services: ShardServices;
  readonly revision: StreamRevision;
  /** The position that a shard goes on from. */
  readonly startOf: (shard: Shard) => Promise<number>;
  readonly signal: AbortSignal;
  /** See `Engine.densePositions`. */
  readonly densePositions: boolean;
}

/** What was read for a batch. */
export interface BatchContents {
  readonly ranges: readonly ShardRange[];
  readonly delivered: readonly DeliveredShard[];
  /** Arrival of the oldest record, or now; ms since the epoch. */
  readonly oldestMs: number;
  readonly expiredCount: number;
}

/** Fills a batch with the records that wait, the oldest shard first, as many as it takes. Errors: KeyError, EngineError. */
export async function fillBatch(
  source: BatchSource,
  pending: PendingRecords,
  builder: BatchBuilder,
): Promise<BatchContents> {
  const ranges: ShardRange[] = [];
  const delivered: DeliveredShard[] = [];
  let oldestMs = source.services.clock.nowMs();
  let expiredCount = 0;
  for (const shardIndex of pending.shards()) {
    const shard = source.revision.shard(shardIndex);
    if (shard === undefined) {
      delivered.push({ shardIndex, position: Number.POSITIVE_INFINITY, sinceMs: 0 });
      continue;
    }
    const part = await takeShard(source, shard, builder);
    if (part.to > part.from) ranges.push({ shardIndex, from: part.from, to: part.to });
    delivered.push({ shardIndex, position: part.to, sinceMs: part.sinceMs });
    oldestMs = Math.min(oldestMs, part.oldestMs);
    expiredCount += part.expiredCount;
    if (!part.takesMore) break;
  }
  return { ranges, delivered, oldestMs, expiredCount };
}

/** Fills a batch with the records of a cut. Returns how many of them have expired since. Errors: KeyError, EngineError. */
export async function fillBatchAgain(
  { services, revision, signal, densePositions }: BatchSource,
  { ranges }: Cut,
  builder: BatchBuilder,
): Promise<number> {
  let expiredCount = 0;
  for (const { shardIndex, from, to } of ranges) {
    const shard = revision.shard(shardIndex);
    if (shard === undefined) continue;
    for await (const read of readPages(services, revision, { shard, from, to, densePositions })) {
      signal.throwIfAborted();
      if (read.slices.length > 0) await builder.add({ shardIndex, slices: read.slices });
      expiredCount += read.expiredCount;
    }
  }
  return expiredCount;
}

interface ShardPart extends Omit<ShardRange, "shardIndex"> {
  readonly oldestMs: number;
  /** What is behind `to` arrived at this time or later. */
  readonly sinceMs: number;
  readonly expiredCount: number;
  readonly takesMore: boolean;
}

async function takeShard(
  { services, revision, startOf, signal, densePositions }: BatchSource,
  shard: Shard,
  builder: BatchBuilder,
): Promise<ShardPart> {
  const from = await startOf(shard);
  let to = from;
  let oldestMs = Number.POSITIVE_INFINITY;
  let sinceMs = services.clock.nowMs();
  let expiredCount = 0;
  let takesMore = true;
  const wanted = { shard, from, to: Number.POSITIVE_INFINITY, densePositions };
  for await (const read of readPages(services, revision, wanted)) {
    signal.throwIfAborted();
    if (read.slices.length > 0) {
      oldestMs = Math.min(oldestMs, read.firstMs);
      takesMore = await builder.add({ shardIndex: shard.index, slices: read.slices });
    }
    expiredCount += read.expiredCount;
    to = read.next;
    if (!read.isAtTip) sinceMs = read.lastMs;
    if (!takesMore) break;
  }
  return { from, to, oldestMs, sinceMs, expiredCount, takesMore };
}
