// The same seeds of the simulated disk in every run; `npm run test:disk` runs 10,000.
import assert from "node:assert/strict";
import { test } from "node:test";
import { runApart } from "../support/run-apart.ts";
import type { runSeed, runSeeds } from "./run-seed.ts";

const seedCount = 40;
const { href } = new URL("./run-seed.ts", import.meta.url);

test(`${seedCount} seeds of a disk that tears, loses, reorders, fails, fills up and flips bits`, async (t) => {
  const lineCount = await runApart<typeof runSeeds>(href, "runSeeds", seedCount);
  t.diagnostic(`${lineCount} operations of the disk and calls to the engine`);
  assert(lineCount > 500 * seedCount, `${lineCount}`);
});

test("the same seed twice is the same history, operation by operation", async () => {
  const history = (seed: number) => runApart<typeof runSeed>(href, "runSeed", seed);
  const first = await history(7);
  assert.deepEqual(await history(7), first);
  assert.deepEqual(await history(77), await history(77));
  assert.notDeepEqual(await history(8), first);
});
