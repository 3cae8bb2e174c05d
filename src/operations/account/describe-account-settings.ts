import { defineOperation } from "../operation.ts";
import { billingCommitmentOutput } from "./billing-commitment-output.ts";

export const describeAccountSettings = defineOperation({
  name: "DescribeAccountSettings",
  plane: "control",
  async handle(_input, { accounts, caller, clock }) {
    const commitment = await accounts.commitment(caller.account, caller.region, clock.nowMs());
    return { MinimumThroughputBillingCommitment: billingCommitmentOutput(commitment) };
  },
});
