import type { RoutedRecords } from "../../../src/limits/shard-write-throttle.ts";
import type { IncomingRecords } from "../../../src/records/incoming-records.ts";
import type { ShardMap } from "../../../src/streams/hash-keys/shard-map.ts";

/** As the store routes records before limits look at them. */
export function routed(records: IncomingRecords, map: ShardMap): RoutedRecords {
  return { records, slots: map.routeAll(records.hashKeys, records.count), map };
}
