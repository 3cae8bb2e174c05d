import { checkOnDemandStreams } from "../../limits/quotas.ts";
import type { OperationContext } from "../operation-context.ts";

/** Checks the quota for one more on-demand stream of the account, where limits are on. Errors: LimitExceededException. */
export function checkOnDemandQuota({ registry, caller, limits }: OperationContext): void {
  if (limits === undefined) return;
  let count = 0;
  for (const { stream } of registry.inRegion(caller.account, caller.region)) {
    if (stream.mode === "ON_DEMAND") count += 1;
  }
  checkOnDemandStreams(limits.table, caller, count);
}
