/**
 * Sends a server random requests: operations, members, headers and encodings, half of them with signatures that are verified.
 *
 *   npm run test:fuzz -- --requests 1000000 --seed 1
 *
 * Exit code 1 for a 5xx, a crash, a response later than 1 s, an error in the log, or memory that grows.
 */
import { parseArgs } from "node:util";
import { fuzzServer } from "./fuzz-server.ts";

const requestsAtATime = 50_000;
const { values } = parseArgs({
  options: { requests: { type: "string", default: "1000000" }, seed: { type: "string", default: "1" } },
});
const requestCount = Number(values.requests);
const startedMs = performance.now();
let faultCount = 0;
let seed = Number(values.seed);
for (let done = 0; done < requestCount; done += requestsAtATime, seed++) {
  const count = Math.min(requestsAtATime, requestCount - done);
  const figures = await fuzzServer({ seed, requestCount: count, isVerified: seed % 2 === 0 });
  const statuses = [...figures.statuses]
    .sort(([one], [other]) => one - other)
    .map(([status, times]) => `${status}: ${times}`);
  const [early, late] = figures.rssMiB.map((mib) => mib.toFixed(0));
  console.log(
    `fuzz: seed ${seed}, ${figures.requestCount} requests, slowest ${figures.slowestMs.toFixed(0)} ms, memory ${early} to ${late} MiB, ${statuses.join(", ")}`,
  );
  for (const fault of figures.faults) console.log(`  ${fault}`);
  faultCount += figures.faults.length;
}
const seconds = Math.round((performance.now() - startedMs) / 1000);
console.log(`fuzz: ${requestCount} requests, ${faultCount} faults, ${seconds} s`);
process.exitCode = faultCount === 0 ? 0 : 1;
