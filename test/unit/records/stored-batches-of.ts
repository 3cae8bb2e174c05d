import type { StoredBatches } from "../../../src/records/put-results.ts";
import { recordSecond } from "../../../src/streams/positions/sequence-number.ts";

/** What one shard stored at once. */
export interface Batch {
  readonly shard: { readonly index: number; readonly createSecond: number };
  readonly position: bigint;
  readonly timeMs: number;
}

export function storedBatchesOf(batches: readonly Batch[], batchOfRecord: Int16Array): StoredBatches {
  return {
    batchOfRecord,
    shardIndexes: Uint32Array.from(batches, ({ shard }) => shard.index),
    createSeconds: Float64Array.from(batches, ({ shard }) => shard.createSecond),
    positions: BigUint64Array.from(batches, ({ position }) => position),
    seconds: Float64Array.from(batches, ({ shard, timeMs }) => recordSecond(timeMs, shard)),
  };
}
