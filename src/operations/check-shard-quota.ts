import { checkShardCount } from "../limits/quotas.ts";
import { shardLimitExceeded } from "../model/stream-errors.ts";
import { openShardCount } from "../streams/resharding/open-shard-count.ts";
import type { OperationContext } from "./operation-context.ts";

interface AdditionalShards {
  /** Open shards at once on top of the present ones. */
  readonly open: number;
  /** All shards that are created, also those that are closed again. */
  readonly created: number;
}

/**
 * Checks two bounds on shards: the account's quota of open shards, where limits are on, and the number of shards that this
 * server can hold, always. Errors: LimitExceededException.
 */
export function checkShardQuota({ open, created }: AdditionalShards, context: OperationContext): void {
  const { registry, caller, limits, serverShardCountMax } = context;
  if (limits !== undefined) {
    let openCount = 0;
    for (const { stream } of registry.inRegion(caller.account, caller.region)) {
      if (stream.mode === "PROVISIONED") openCount += openShardCount(stream);
    }
    checkShardCount(limits.table, caller, { openCount, additional: open });
  }
  let held = 0;
  // Closed shards count here: until their records expire they use as much memory as open ones.
  for (const { stream } of registry.all()) held += Math.max(stream.shards.length, openShardCount(stream));
  if (held + created > serverShardCountMax) {
    throw shardLimitExceeded(caller, { current: held, limit: serverShardCountMax, additional: created });
  }
}
