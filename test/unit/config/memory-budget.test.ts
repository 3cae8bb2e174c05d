import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultMemoryBudgetBytes } from "../../../src/config/memory-budget.ts";

const mib = 1024 ** 2;

test("the default memory budget is 2 GiB where there is enough memory, and a part of it in a small container", () => {
  assert.equal(defaultMemoryBudgetBytes(64 * 1024 * mib), 2048 * mib);
  assert.equal(defaultMemoryBudgetBytes(1000 * mib), 400 * mib);
  assert(defaultMemoryBudgetBytes() > 0);
});
