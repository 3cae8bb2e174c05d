import { warmThroughputInUse } from "../../model/setting-errors.ts";
import { disableCommitment, enableCommitment } from "../../streams/commitment.ts";
import { operation } from "../operation.ts";
import { commitmentShape } from "./commitment-shape.ts";

/** Synchronous. Warm throughput must be gone from every stream before the commitment may go. */
export const updateAccountSettings = operation({
  name: "UpdateAccountSettings",
  plane: "control",
  async handle(input, { accounts, directory, caller, clock }) {
    const { account, region } = caller;
    const wanted = input.MinimumThroughputBillingCommitment.Status;
    const nowMs = clock.nowMs();
    if (wanted === "DISABLED") {
      for (const { stream } of directory.inRegion(account, region)) {
        if (stream.warmThroughputMiBps !== undefined) throw warmThroughputInUse();
      }
    }
    const change = wanted === "ENABLED" ? enableCommitment : disableCommitment;
    const commitment = await accounts.change(account, region, nowMs, (present) => change(present, nowMs));
    return { MinimumThroughputBillingCommitment: commitmentShape(commitment) };
  },
});
