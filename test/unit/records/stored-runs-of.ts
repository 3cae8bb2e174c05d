import type { StoredRuns } from "../../../src/records/put-results.ts";
import { recordSecond } from "../../../src/streams/positions/sequence-number.ts";

/** What one shard stored at once. */
export interface Run {
  readonly shard: { readonly index: number; readonly createSecond: number };
  readonly position: bigint;
  readonly timeMs: number;
}

export function storedRunsOf(runs: readonly Run[], runOfRecord: Int16Array): StoredRuns {
  return {
    runOfRecord,
    shardIndexes: Uint32Array.from(runs, ({ shard }) => shard.index),
    createSeconds: Float64Array.from(runs, ({ shard }) => shard.createSecond),
    positions: BigUint64Array.from(runs, ({ position }) => position),
    seconds: Float64Array.from(runs, ({ shard, timeMs }) => recordSecond(timeMs, shard)),
  };
}
