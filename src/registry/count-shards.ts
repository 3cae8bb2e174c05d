import { openShardCount } from "../streams/resharding/open-shard-count.ts";
import type { StreamRegistry } from "./stream-registry.ts";

/** Open shards of the provisioned streams of an account in a region, which its quota counts. */
export function provisionedShardCount(registry: StreamRegistry, account: string, region: string): number {
  let count = 0;
  for (const { stream } of registry.inRegion(account, region)) {
    if (stream.mode === "PROVISIONED") count += openShardCount(stream);
  }
  return count;
}

/** Shards that the server holds. Closed ones count: until their records expire they use as much memory as open ones. */
export function heldShardCount(registry: Pick<StreamRegistry, "all">): number {
  let count = 0;
  for (const { stream } of registry.all()) count += Math.max(stream.shards.length, openShardCount(stream));
  return count;
}
