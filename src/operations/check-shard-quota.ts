import { checkShardCount } from "../limits/quotas.ts";
import { shardLimitExceeded } from "../model/stream-errors.ts";
import { heldShardCount, provisionedShardCount } from "../registry/count-shards.ts";
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
    const openCount = provisionedShardCount(registry, caller.account, caller.region);
    checkShardCount(limits.table, caller, { openCount, additional: open });
  }
  const held = heldShardCount(registry);
  if (held + created > serverShardCountMax) {
    throw shardLimitExceeded(caller, { current: held, limit: serverShardCountMax, additional: created });
  }
}
