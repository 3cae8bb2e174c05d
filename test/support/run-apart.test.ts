import assert from "node:assert/strict";
import type { stat } from "node:fs/promises";
import { test } from "node:test";
import type { setTimeout } from "node:timers/promises";
import { runApart } from "./run-apart.ts";

test("runApart() hands back what the function in the other thread resolves with", async () => {
  const found = await runApart<typeof setTimeout<number[]>>("node:timers/promises", "setTimeout", 0, [1, 2]);
  assert.deepEqual(found, [1, 2]);
});

test("runApart() rejects with what is thrown there", async () => {
  await assert.rejects(runApart<typeof stat>("node:fs/promises", "stat", "/no/such/file"), { code: "ENOENT" });
});
