/**
 * Holds the scanners of JSON and of CBOR to the general path for as long as one likes.
 *
 *   node test/property/put-scanner/long-run.ts --bodies 1000000 --seed 1
 *
 * A failure prints the seed of its body: --seed THAT --bodies 1 brings it back.
 */
import { parseArgs } from "node:util";
import { compareCborPaths, comparePaths } from "./compare-paths.ts";

const bodiesAtATime = 20_000;
const { values } = parseArgs({
  options: { bodies: { type: "string", default: "1000000" }, seed: { type: "string", default: "1" } },
});
const bodyCount = Number(values.bodies);
const firstSeed = Number(values.seed);
const startedMs = performance.now();
let toldMs = startedMs;
let scanned = 0;

for (let done = 0; done < bodyCount; done += bodiesAtATime) {
  const count = Math.min(bodiesAtATime, bodyCount - done);
  scanned += comparePaths(firstSeed + done, count).scanned + compareCborPaths(firstSeed + done, count).scanned;
  if (performance.now() - toldMs < 10_000) continue;
  toldMs = performance.now();
  console.log(`scanner: ${done + bodiesAtATime} bodies, ${Math.round((toldMs - startedMs) / 1000)} s`);
}
const seconds = Math.round((performance.now() - startedMs) / 1000);
console.log(`scanner: ${bodyCount} bodies of each without a difference, ${scanned} of them scanned, ${seconds} s`);
