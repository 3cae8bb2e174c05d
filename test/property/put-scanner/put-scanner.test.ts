import assert from "node:assert/strict";
import { test } from "node:test";
import { compareCborPaths, comparePaths } from "./compare-paths.ts";

test("the scanner and the general path agree on 20,000 bodies, in columns and in errors", () => {
  const ways = comparePaths(1, 20_000);
  // Bodies that the scanner never takes would prove nothing about it, and neither would ordinary ones alone.
  assert.ok(ways.scanned > 5_000 && ways.general > 3_000 && ways.refused > 3_000, JSON.stringify(ways));
});

test("the scanner of CBOR and the codec without it agree on 10,000 bodies, in columns and in errors", () => {
  const ways = compareCborPaths(1, 10_000);
  assert.ok(ways.scanned > 3_000 && ways.general > 2_000 && ways.refused > 1_500, JSON.stringify(ways));
});
