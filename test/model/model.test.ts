import { test } from "node:test";
import { runWorlds } from "./run-world.ts";

/** Enough for every kind of step in every state; `long-run.ts` goes on for as long as one likes, from seeds of its own. */
const stepCount = 10_000;
const firstSeed = 20_261_121;

test(`the server does as the model says through ${stepCount} random steps from seed ${firstSeed}`, async () => {
  await runWorlds(firstSeed, stepCount);
});
