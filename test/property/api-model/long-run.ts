/**
 * Holds the server to its model for as long as one likes.
 *
 *   node test/property/api-model/long-run.ts --steps 1000000 --seed 1 --engine memory
 *
 * A failure is shrunk and printed; its seed alone brings it back: --seed THAT --steps 1.
 */
import { parseArgs } from "node:util";
import { runSeeds } from "./run-steps.ts";

const { values } = parseArgs({
  options: {
    steps: { type: "string", default: "1000000" },
    seed: { type: "string" },
    engine: { type: "string", default: "memory" },
  },
});
const stepCount = Number(values.steps);
const engine = values.engine === "embedded" ? "embedded" : "memory";
const seed = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed);
const startedMs = performance.now();
let toldMs = startedMs;

console.log(`model: ${stepCount} steps on ${engine} from seed ${seed}`);
try {
  await runSeeds({ engine, firstSeed: seed, stepCount }, (stepsDone) => {
    if (performance.now() - toldMs < 10_000) return;
    toldMs = performance.now();
    console.log(`model: ${stepsDone} steps, ${Math.round((toldMs - startedMs) / 1000)} s`);
  });
  console.log(
    `model: ${stepCount} steps without a difference, ${Math.round((performance.now() - startedMs) / 1000)} s`,
  );
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
