// A short form of the seeds of `npm run test:channels`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { runApart } from "../../support/run-apart.ts";
import type { runSeeds, runTableSeeds } from "./run-seed.ts";

const seedCount = 6;
const { href } = new URL("./run-seed.ts", import.meta.url);

test(`each record is in exactly one object through ${seedCount} seeds of power cuts and a store that fails`, async (t) => {
  const seen = await runApart<typeof runSeeds>(href, "runSeeds", 1, seedCount);
  t.diagnostic(JSON.stringify(seen));
  for (const [name, count] of Object.entries(seen)) assert(count >= seedCount, `${name}: ${count}`);
});

test(`each record is once in a table through ${seedCount} seeds of power cuts and a catalog that fails`, async (t) => {
  const seen = await runApart<typeof runTableSeeds>(href, "runTableSeeds", 1, seedCount);
  t.diagnostic(JSON.stringify(seen));
  for (const [name, count] of Object.entries(seen)) assert(count > 0, `${name}: ${count}`);
});
