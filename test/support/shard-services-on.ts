import type { Engine } from "../../src/engine/engine.ts";
import { LocalKeyProvider } from "../../src/keys/local-key-provider.ts";
import { StreamRegistry } from "../../src/registry/stream-registry.ts";
import type { StreamRevision } from "../../src/registry/stream-revision.ts";
import { ShardGrowth } from "../../src/shards/shard-growth.ts";
import type { ShardServices } from "../../src/shards/shard-services.ts";
import { StreamCiphers } from "../../src/shards/stream-ciphers.ts";
import { StreamMetrics } from "../../src/shards/stream-metrics.ts";
import { TrafficCounts } from "../../src/shards/traffic-counts.ts";
import type { Clock } from "../../src/time/clock.ts";

/** The services of shards on an open engine. The registry is to be opened; it tells `changed` of each new revision of a stream. */
export function shardServicesOn(
  { log, documents }: Pick<Engine, "log" | "documents">,
  clock: Clock,
  changed: (revision: StreamRevision) => void = () => undefined,
): ShardServices & { readonly registry: StreamRegistry } {
  const registry = new StreamRegistry(documents, clock, changed);
  const keys = new StreamCiphers({ provider: new LocalKeyProvider({ nowMs: () => clock.nowMs() }), registry, clock });
  const counted = { traffic: new StreamMetrics(), counts: new TrafficCounts() };
  return { log, registry, clock, keys, ...counted, growth: new ShardGrowth(), compresses: false };
}
