import { checkShardCount } from "../limits/quotas.ts";
import { shardLimitExceeded } from "../model/stream-errors.ts";
import { openShardCount } from "../streams/open-shard-count.ts";
import type { OperationContext } from "./operation-context.ts";

/**
 * Whether so many more shards may be opened: within the quota of the caller's account where limits are on, and within
 * what this process can hold, which is never switched off. Errors: LimitExceededException.
 */
export function checkShardRoom(additional: number, context: OperationContext): void {
  const { directory, caller, limits, serverShardCountMax } = context;
  if (limits !== undefined) {
    let openCount = 0;
    for (const { stream } of directory.inRegion(caller.account, caller.region)) {
      if (stream.mode === "PROVISIONED") openCount += openShardCount(stream);
    }
    checkShardCount(limits.table, caller, { openCount, additional });
  }
  let held = 0;
  // Closed shards count here: until their records expire they cost what open ones cost.
  for (const { stream } of directory.all()) held += Math.max(stream.shards.length, openShardCount(stream));
  if (held + additional > serverShardCountMax) {
    throw shardLimitExceeded(caller, { current: held, limit: serverShardCountMax, additional });
  }
}
