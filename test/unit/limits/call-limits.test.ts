import assert from "node:assert/strict";
import { test } from "node:test";
import { CallLimits } from "../../../src/limits/call-limits.ts";
import { awsLimits } from "../../../src/limits/limits-table.ts";
import { operationNames } from "../../../src/model/shapes.generated.ts";
import { retainedBytes } from "../../support/retained-bytes.ts";

function admittedAtOnce(
  limits: CallLimits,
  operation: (typeof operationNames)[number],
  key: string,
  nowMs: number,
): number {
  for (let count = 0; count < 2_000; count++) if (!limits.admit(operation, key, nowMs)) return count;
  return Number.POSITIVE_INFINITY;
}

for (const operation of operationNames) {
  const perSecond = awsLimits.callsPerSecond[operation];
  test(`${operation}: ${perSecond ?? "any number of"} calls per second`, () => {
    const limits = new CallLimits(awsLimits);
    assert.equal(admittedAtOnce(limits, operation, "a", 0), perSecond ?? Number.POSITIVE_INFINITY);
    if (perSecond === undefined) return;
    assert.equal(limits.admit(operation, "a", 1000 / perSecond - 0.5), false);
    assert.equal(limits.admit(operation, "a", 1000 / perSecond), true);
    assert.equal(admittedAtOnce(limits, operation, "b", 0), perSecond, "another key has calls of its own");
    assert.equal(admittedAtOnce(limits, operation, "a", 10_000), perSecond);
  });
}

test("operations do not take each other's calls", () => {
  const limits = new CallLimits(awsLimits);
  assert.equal(admittedAtOnce(limits, "SplitShard", "a", 0), 5);
  assert.equal(admittedAtOnce(limits, "MergeShards", "a", 0), 5);
});

test("a client that calls at three times the rate gets the rate, within 5 %", () => {
  for (const operation of ["DescribeStreamSummary", "GetRecords", "ListShards"] as const) {
    const perSecond = awsLimits.callsPerSecond[operation] ?? 0;
    const limits = new CallLimits(awsLimits);
    let admitted = 0;
    const seconds = 60;
    for (let call = 0; call < 3 * perSecond * seconds; call++) {
      if (limits.admit(operation, "a", (call * 1000) / (3 * perSecond))) admitted++;
    }
    // The burst of the first second comes on top.
    const ratio = (admitted - perSecond) / (perSecond * seconds);
    assert.ok(Math.abs(ratio - 1) < 0.05, `${operation}: ${ratio}`);
  }
});

test("full buckets use no memory", () => {
  const limits = new CallLimits(awsLimits);
  const bytes = retainedBytes(() => {
    for (let i = 0; i < 50_000; i++) limits.admit("GetRecords", `shard ${i}`, i);
  });
  assert.ok(bytes < 2_000_000, `${bytes} bytes`);
  assert.ok(limits.admit("GetRecords", "shard 0", 50_000));
});
