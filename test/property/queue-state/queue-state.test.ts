// A short form of `npm run test:queues`, the same steps in every run.
import assert from "node:assert/strict";
import { test } from "node:test";
import { runApart } from "../../support/run-apart.ts";
import type { runSeeds } from "./run-steps.ts";

const stepCount = 8_000;
const firstSeed = 20_261_130;
const { href } = new URL("./run-steps.ts", import.meta.url);

test(`the state of a queue is that of its model through ${stepCount} random steps from seed ${firstSeed}`, async (t) => {
  const taken = await runApart<typeof runSeeds>(href, "runSeeds", firstSeed, stepCount);
  t.diagnostic(JSON.stringify(taken));
  for (const [name, count] of Object.entries(taken)) assert(count > 5, `${name}: ${count}`);
  assert.equal(Object.keys(taken).length, 17, "every kind of step was taken");
});
