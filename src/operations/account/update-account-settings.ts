import { warmThroughputInUse } from "../../model/setting-errors.ts";
import { disableCommitment, enableCommitment } from "../../streams/billing-commitment.ts";
import { defineOperation } from "../operation.ts";
import { billingCommitmentOutput } from "./billing-commitment-output.ts";

/** Synchronous. The commitment cannot be disabled while a stream has warm throughput. */
export const updateAccountSettings = defineOperation({
  name: "UpdateAccountSettings",
  plane: "control",
  async handle(input, { accounts, registry, caller, clock }) {
    const { account, region } = caller;
    const wanted = input.MinimumThroughputBillingCommitment.Status;
    const nowMs = clock.nowMs();
    if (wanted === "DISABLED") {
      for (const { stream } of registry.inRegion(account, region)) {
        if (stream.warmThroughputMiBps !== undefined) throw warmThroughputInUse();
      }
    }
    const change = wanted === "ENABLED" ? enableCommitment : disableCommitment;
    const commitment = await accounts.change(account, region, nowMs, (present) => change(present, nowMs));
    return { MinimumThroughputBillingCommitment: billingCommitmentOutput(commitment) };
  },
});
