import { checkShardCount } from "../limits/quotas.ts";
import { shardLimitExceeded } from "../model/stream-errors.ts";
import { openShardCount } from "../streams/resharding/open-shard-count.ts";
import type { OperationContext } from "./operation-context.ts";

interface AdditionalShards {
  /** How many more the stream has open, at most at once. */
  readonly open: number;
  /** How many are made in all, those included that are closed again. */
  readonly made: number;
}

/**
 * Whether so many more shards may be had: those open at once within the quota of the caller's account where limits are on,
 * all that are made within what this process can hold, which is never switched off. Errors: LimitExceededException.
 */
export function checkShardQuota({ open, made }: AdditionalShards, context: OperationContext): void {
  const { registry, caller, limits, serverShardCountMax } = context;
  if (limits !== undefined) {
    let openCount = 0;
    for (const { stream } of registry.inRegion(caller.account, caller.region)) {
      if (stream.mode === "PROVISIONED") openCount += openShardCount(stream);
    }
    checkShardCount(limits.table, caller, { openCount, additional: open });
  }
  let held = 0;
  // Closed shards count here: until their records expire they cost what open ones cost.
  for (const { stream } of registry.all()) held += Math.max(stream.shards.length, openShardCount(stream));
  if (held + made > serverShardCountMax) {
    throw shardLimitExceeded(caller, { current: held, limit: serverShardCountMax, additional: made });
  }
}
