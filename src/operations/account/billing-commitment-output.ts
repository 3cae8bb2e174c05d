import type { BillingCommitment } from "../../model/shapes.generated.ts";
import type { CommitmentState } from "../../streams/billing-commitment.ts";

/** The commitment as the account operations return it. */
export function billingCommitmentOutput({
  status,
  startedMs,
  endedMs,
  earliestEndMs,
}: CommitmentState): BillingCommitment {
  return {
    Status: status,
    ...(startedMs === undefined ? {} : { StartedAt: startedMs }),
    ...(endedMs === undefined ? {} : { EndedAt: endedMs }),
    ...(earliestEndMs === undefined ? {} : { EarliestAllowedEndAt: earliestEndMs }),
  };
}
