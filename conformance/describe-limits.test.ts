import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ok } from "./support/call.ts";
import { withStream } from "./support/stream-fixture.ts";

describe("DescribeLimits", () => {
  test("DescribeLimits gives numbers of shards, on-demand streams and channels, and their limits", async () => {
    const limits = await ok("DescribeLimits", {});
    for (const name of ["ShardLimit", "OpenShardCount", "OnDemandStreamCount", "OnDemandStreamCountLimit"]) {
      assert.ok(Number.isInteger(limits[name]), name);
    }
    assert.ok((limits["OpenShardCount"] ?? 0) <= (limits["ShardLimit"] ?? 0));
    assert.ok((limits["OnDemandStreamCountLimit"] ?? 0) >= 50);
  });

  test("DescribeLimits counts the open shards of provisioned streams, and on-demand streams", async () => {
    const before = await ok("DescribeLimits", {});
    await withStream({ shards: 3 }, () =>
      withStream({ shards: "on-demand" }, async () => {
        const during = await ok("DescribeLimits", {});
        const grown = (name: string) => (during[name] ?? 0) - (before[name] ?? 0);
        assert.deepEqual([grown("OpenShardCount"), grown("OnDemandStreamCount")], [3, 1]);
      }),
    );
  });
});
