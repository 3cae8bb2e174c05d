import type { ShardQuota } from "../streams/reshard-plan.ts";
import type { OperationContext } from "./operation-context.ts";

/**
 * Shards that the server holds over all accounts and regions, those being made included, and how many it holds at most.
 * Limits of rate may be switched off; what one process can hold may not.
 */
export function serverShardQuota({ directory, serverShardCountMax }: OperationContext): ShardQuota {
  let openCount = 0;
  for (const { stream } of directory.all()) {
    openCount += stream.intent?.kind === "create" ? stream.intent.opening.length : stream.shards.length;
  }
  return { openCount, openCountMax: serverShardCountMax };
}
