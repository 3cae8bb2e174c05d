import { defineOperation } from "../operation.ts";
import { billingCommitmentShape } from "./billing-commitment-shape.ts";

export const describeAccountSettings = defineOperation({
  name: "DescribeAccountSettings",
  plane: "control",
  async handle(_input, { accounts, caller, clock }) {
    const commitment = await accounts.commitment(caller.account, caller.region, clock.nowMs());
    return { MinimumThroughputBillingCommitment: billingCommitmentShape(commitment) };
  },
});
