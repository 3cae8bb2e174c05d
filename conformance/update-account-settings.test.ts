import { describe } from "node:test";
import { testInput } from "./support/input-shape.ts";

// To enable the commitment costs money for a day, so that what it does is tested where no money is at stake: in own/.
describe("UpdateAccountSettings", () => {
  testInput(
    "UpdateAccountSettings",
    { MinimumThroughputBillingCommitment: { Status: "!" } },
    {
      MinimumThroughputBillingCommitment: { type: "Structure", required: true },
      "MinimumThroughputBillingCommitment.Status": { type: "String", required: true, values: ["ENABLED", "DISABLED"] },
    },
  );
});
