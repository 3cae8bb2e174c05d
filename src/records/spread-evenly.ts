import { writeHashKey } from "../streams/hash-keys/hash-key.ts";
import type { ShardMap } from "../streams/hash-keys/shard-map.ts";
import type { IncomingRecords } from "./incoming-records.ts";

/**
 * Places the records of a stream with RecordDistributionStrategy AUTO: partition keys and explicit hash keys are ignored
 * and the open shards take turns, beginning with slot `firstSlot`.
 */
export function spreadEvenly(records: IncomingRecords, map: ShardMap, firstSlot: number): IncomingRecords {
  const hashKeys = new Uint32Array(4 * records.count);
  for (let i = 0; i < records.count; i++) {
    const shard = map.shardAt((firstSlot + i) % map.shards.length);
    writeHashKey(shard.startingHashKey, hashKeys, 4 * i);
  }
  return { ...records, hashKeys };
}
