import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ok } from "./support/call.ts";

describe("DescribeAccountSettings", () => {
  test("DescribeAccountSettings tells whether the account has the throughput commitment", async () => {
    const { MinimumThroughputBillingCommitment: commitment } = await ok("DescribeAccountSettings", {});
    // An account that never had one may have no member at all.
    if (commitment !== undefined)
      assert.match(commitment.Status, /^(DISABLED|ENABLED|ENABLED_UNTIL_EARLIEST_ALLOWED_END)$/);
  });
});
