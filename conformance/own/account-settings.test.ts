import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertRefusedAs } from "../support/assert-refused.ts";
import { ok } from "../support/call.ts";
import { untilActive, withStream } from "../support/stream-fixture.ts";

// On the service this would cost money for a day. It lasts here too, so that it is made in an account of its own.
describe("The throughput commitment of an account", () => {
  const usual = process.env["AWS_ACCESS_KEY_ID"];
  before(() => {
    process.env["AWS_ACCESS_KEY_ID"] = "333333333333";
  });
  after(() => {
    if (usual !== undefined) process.env["AWS_ACCESS_KEY_ID"] = usual;
  });

  const set = async (Status: string) =>
    (await ok("UpdateAccountSettings", { MinimumThroughputBillingCommitment: { Status } }))
      .MinimumThroughputBillingCommitment;

  test("lasts a day at least, allows warm throughput, and cannot be given up while a stream has some", () =>
    withStream({ shards: "on-demand" }, async ({ StreamName, StreamARN }) => {
      const none = await ok("DescribeAccountSettings", {});
      assert.deepEqual(none, { MinimumThroughputBillingCommitment: { Status: "DISABLED" } });

      const enabled = await set("ENABLED");
      assert.equal(enabled.Status, "ENABLED");
      assert.equal((enabled.EarliestAllowedEndAt ?? 0) - (enabled.StartedAt ?? 0), 86_400);
      assert.deepEqual((await ok("DescribeAccountSettings", {})).MinimumThroughputBillingCommitment, enabled);

      const warm = await ok("UpdateStreamWarmThroughput", { StreamName, WarmThroughputMiBps: 6 });
      assert.deepEqual([warm.StreamName, warm.StreamARN], [StreamName, StreamARN]);
      await untilActive(StreamName);
      const { StreamDescriptionSummary } = await ok("DescribeStreamSummary", { StreamName });
      assert.deepEqual(StreamDescriptionSummary.WarmThroughput, { TargetMiBps: 6, CurrentMiBps: 6 });
      assert.equal(StreamDescriptionSummary.OpenShardCount, 6);
      const disable = { MinimumThroughputBillingCommitment: { Status: "DISABLED" } };
      await assertRefusedAs("UpdateAccountSettings", disable, "InvalidArgumentException");

      await ok("UpdateStreamWarmThroughput", { StreamName, WarmThroughputMiBps: 0 });
      await untilActive(StreamName);
      assert.equal((await set("DISABLED")).Status, "ENABLED_UNTIL_EARLIEST_ALLOWED_END");
      assert.equal((await set("ENABLED")).Status, "ENABLED");
      await set("DISABLED");
    }));
});
