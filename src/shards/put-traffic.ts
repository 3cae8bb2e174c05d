import { type IncomingRecords, NO_PARTITION_KEY } from "../records/incoming-records.ts";
import type { PutResults, StoredBatches } from "../records/put-results.ts";
import type { ShardMap } from "../streams/hash-keys/shard-map.ts";
import { throttledCode } from "./put-result-columns.ts";

/** What one shard stored of a put at once. */
export interface StoredBatchTraffic {
  readonly shardIndex: number;
  readonly recordCount: number;
  /** Data and partition keys. */
  readonly byteCount: number;
}

/** What is counted of a finished put. */
export interface PutTraffic {
  readonly durationMs: number;
  /** All records of the request. */
  readonly recordCount: number;
  readonly stored: readonly StoredBatchTraffic[];
  /** Records that the rate of their shard refused, by shard index. */
  readonly throttled: ReadonlyMap<number, number>;
}

interface FinishedPut {
  readonly records: IncomingRecords;
  readonly results: PutResults & { readonly stored: StoredBatches };
  /** That the records were first routed by. */
  readonly shardMap: ShardMap;
  readonly durationMs: number;
}

export function putTrafficOf({ records, results, shardMap, durationMs }: FinishedPut): PutTraffic {
  const { batchOfRecord, shardIndexes } = results.stored;
  const stored: { shardIndex: number; recordCount: number; byteCount: number }[] = [];
  for (const shardIndex of shardIndexes) stored.push({ shardIndex, recordCount: 0, byteCount: 0 });
  for (let i = 0; i < records.count; i++) {
    const batch = stored[batchOfRecord[i] ?? -1];
    if (batch === undefined) continue;
    const keyBytes = records.keyBytes[i] ?? NO_PARTITION_KEY;
    batch.recordCount++;
    batch.byteCount += (records.dataBytes[i] ?? 0) + (keyBytes === NO_PARTITION_KEY ? 0 : keyBytes);
  }
  const throttled = throttledByShard(records, results.failures, shardMap);
  return { durationMs, recordCount: records.count, stored, throttled };
}

const none: ReadonlyMap<number, number> = new Map();

function throttledByShard(
  records: IncomingRecords,
  failures: PutResults["failures"],
  shardMap: ShardMap,
): ReadonlyMap<number, number> {
  if (failures === undefined) return none;
  const counts = new Map<number, number>();
  for (const [i, { code }] of failures) {
    if (code !== throttledCode) continue;
    const { index } = shardMap.shardAt(shardMap.route(records.hashKeys, i));
    counts.set(index, (counts.get(index) ?? 0) + 1);
  }
  return counts;
}
