import { test } from "node:test";
import { runApart } from "../../support/run-apart.ts";
import type { runSeeds } from "./run-steps.ts";

/** Enough for every kind of step in every state; `long-run.ts` goes on for as long as one likes, from seeds of its own. */
const stepCount = 10_000;
/** Slower; a restart there is a power cut. */
const embeddedStepCount = 1_200;
const firstSeed = 20_261_121;
const { href } = new URL("./run-steps.ts", import.meta.url);

test(`the server does as the model says through ${stepCount} random steps from seed ${firstSeed}`, async () => {
  await runApart<typeof runSeeds>(href, "runSeeds", { engine: "memory", firstSeed, stepCount });
});

test(`so does the embedded engine through ${embeddedStepCount} steps and power cuts from seed ${firstSeed}`, async () => {
  await runApart<typeof runSeeds>(href, "runSeeds", { engine: "embedded", firstSeed, stepCount: embeddedStepCount });
});
