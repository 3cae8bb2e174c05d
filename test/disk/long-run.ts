/**
 * The long form of the tests of the disk.
 *
 *   npm run test:disk                      10,000 seeds, then every bit of a closed directory flipped, and of an encrypted one
 *   npm run test:disk -- --seed 123        one seed alone; --trace shows every operation and call of it
 *   npm run test:disk -- --from 1 --seeds 500
 */
import { parseArgs } from "node:util";
import { masterKey } from "../support/directory-keys.ts";
import { flipEverywhere } from "./flip-everywhere.ts";
import { runSeed } from "./run-seed.ts";

const toldEvery = 100;

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    from: { type: "string", default: "1" },
    seeds: { type: "string", default: "10000" },
    trace: { type: "boolean", default: false },
  },
});

const from = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.seeds) : 1;
const broken: number[] = [];
const startMs = performance.now();
for (let seed = from; seed < from + count; seed++) {
  try {
    await runSeed(seed, values.trace ? console.log : undefined);
  } catch (error) {
    console.error(error);
    broken.push(seed);
  }
  const done = seed - from + 1;
  if (done % toldEvery === 0 || done === count) {
    const seconds = Math.round((performance.now() - startMs) / 1000);
    console.log(`${done} of ${count} seeds in ${seconds} s, ${broken.length} broken`);
  }
}
if (values.seed === undefined) {
  console.log("every bit flipped:", await flipEverywhere({ bits: "every" }));
  console.log("every bit flipped, encrypted:", await flipEverywhere({ bits: "every", keys: masterKey("of the run") }));
}
if (broken.length > 0) {
  console.error(`broken: ${broken.join(", ")}`);
  process.exitCode = 1;
}
