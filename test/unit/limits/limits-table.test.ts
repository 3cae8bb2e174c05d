import assert from "node:assert/strict";
import { test } from "node:test";
import { awsLimits, callScope } from "../../../src/limits/limits-table.ts";
import { operationNames } from "../../../src/model/shapes.generated.ts";

test("every operation has a rate exactly if it has a scope", () => {
  for (const name of operationNames) {
    assert.equal(callScope(name) === undefined, awsLimits.callsPerSecond[name] === undefined, name);
  }
});

test("rates by scope are those of the service's table", () => {
  const rows = operationNames.map((name) => `${callScope(name) ?? "none"} ${awsLimits.callsPerSecond[name] ?? "-"}`);
  const counts = Object.fromEntries([...new Set(rows)].map((row) => [row, rows.filter((each) => each === row).length]));
  assert.deepEqual(counts, {
    "account 5": 25,
    "account 1": 1,
    "account 10": 2,
    "account 20": 1,
    "stream 5": 11,
    "stream 20": 1,
    "stream 1000": 1,
    "shard 5": 2,
    "consumer-shard 1": 1,
    "none -": 12,
  });
});
