import assert from "node:assert/strict";
import { test } from "node:test";
import { environmentName, findFlag, similarFlag } from "../../../src/config/flags.ts";

test("environmentName() is the flag in capitals behind MILLRACE_", () => {
  assert.equal(environmentName("data-dir"), "MILLRACE_DATA_DIR");
});

test("similarFlag() knows what a misspelt flag meant", () => {
  assert.equal(similarFlag("memoryBudget"), "memory-budget");
  assert.equal(similarFlag("memory"), "memory-budget");
  assert.equal(similarFlag("kms"), undefined);
});

test("findFlag() knows no inherited names", () => {
  assert.equal(findFlag("constructor"), undefined);
});
