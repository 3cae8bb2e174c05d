import type { StreamDirectory } from "../directory/stream-directory.ts";
import type { ShardLog } from "../engine/shard-log.ts";
import type { Limits } from "../limits/limits.ts";
import type { Clock } from "../time/clock.ts";
import type { ShardTraffic } from "./shard-traffic.ts";
import type { StreamKeys } from "./stream-keys.ts";

/** What work on shards needs: where the bytes are, which shards there are, and what time it is. */
export interface ShardRoom {
  readonly log: ShardLog;
  readonly directory: StreamDirectory;
  readonly clock: Clock;
  /** Absent when limits are off. */
  readonly limits?: Limits | undefined;
  readonly traffic: ShardTraffic;
  readonly keys: StreamKeys;
  /** Whether records are stored compressed where that makes them smaller. */
  readonly compresses: boolean;
}
