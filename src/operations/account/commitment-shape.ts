import type { BillingCommitment } from "../../model/shapes.generated.ts";
import type { Commitment } from "../../streams/commitment.ts";

export function commitmentShape({ status, startedMs, endedMs, earliestEndMs }: Commitment): BillingCommitment {
  return {
    Status: status,
    ...(startedMs === undefined ? {} : { StartedAt: startedMs }),
    ...(endedMs === undefined ? {} : { EndedAt: endedMs }),
    ...(earliestEndMs === undefined ? {} : { EarliestAllowedEndAt: earliestEndMs }),
  };
}
