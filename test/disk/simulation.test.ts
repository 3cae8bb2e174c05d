// 200 seeds of the simulated disk, the same in every run; `npm run test:disk` runs 10,000.
import assert from "node:assert/strict";
import { test } from "node:test";
import { runApart } from "../support/run-apart.ts";
import { runSeed, type runSeeds } from "./run-seed.ts";

const seedCount = 200;

test(`${seedCount} seeds of a disk that tears, loses, reorders, fails, fills up and flips bits`, async (t) => {
  const { href } = new URL("./run-seed.ts", import.meta.url);
  const lineCount = await runApart<typeof runSeeds>(href, "runSeeds", seedCount);
  t.diagnostic(`${lineCount} operations of the disk and calls to the engine`);
  assert(lineCount > 100_000, `${lineCount}`);
});

test("the same seed twice is the same history, operation by operation", async () => {
  for (const seed of [7, 77, 777]) assert.deepEqual(await runSeed(seed), await runSeed(seed));
  assert.notDeepEqual(await runSeed(7), await runSeed(8));
});
