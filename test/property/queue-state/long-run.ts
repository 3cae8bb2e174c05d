/** node test/property/queue-state/long-run.ts --steps 1000000 --seed 1: the state of a queue against its model. */
import { parseArgs } from "node:util";
import { runSeeds } from "./run-steps.ts";

const { values } = parseArgs({
  options: { steps: { type: "string", default: "1000000" }, seed: { type: "string" } },
});
const seed = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed);
const startedMs = performance.now();
console.log(`queue state: ${values.steps} steps from seed ${seed}`);
const taken = await runSeeds(seed, Number(values.steps));
console.log(taken, `${Math.round((performance.now() - startedMs) / 1000)} s without a difference`);
