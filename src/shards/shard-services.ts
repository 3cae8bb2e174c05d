import type { ShardLog } from "../engine/shard-log.ts";
import type { RateLimits } from "../limits/rate-limits.ts";
import type { StreamRegistry } from "../registry/stream-registry.ts";
import type { Clock } from "../time/clock.ts";
import type { ShardGrowth } from "./shard-growth.ts";
import type { StreamCiphers } from "./stream-ciphers.ts";
import type { StreamMetrics } from "./stream-metrics.ts";
import type { TrafficCounts } from "./traffic-counts.ts";

/** The services that work on shards needs. */
export interface ShardServices {
  readonly log: ShardLog;
  readonly registry: StreamRegistry;
  readonly clock: Clock;
  /** Absent when limits are off. */
  readonly limits?: RateLimits | undefined;
  readonly traffic: StreamMetrics;
  readonly counts: TrafficCounts;
  /** Told when records have become durable. */
  readonly growth: ShardGrowth;
  readonly keys: StreamCiphers;
  /** Whether records are stored compressed if that makes them smaller. */
  readonly compresses: boolean;
}
