/**
 * Sends random requests: operations, members, headers and encodings, half of them to a server that verifies signatures.
 *
 *   npm run test:fuzz -- --requests 1000000 --seed 1 [--servers both|open|verified]
 *
 * Each seed stands for 10,000 requests; seeds go in turn to the two servers, which live until the end. A run that was cut
 * goes on with a later `--seed`; with `--servers` two runs share the work. Exit code 1 for a 5xx, a crash, a response later
 * than 1 s, an error in the log, or memory that grows.
 */
import { parseArgs } from "node:util";
import { FuzzedServer, type FuzzFigures, type MemorySample } from "./fuzz-server.ts";
import { memoryGrowth } from "./memory-growth.ts";

const requestsAtATime = 10_000;
const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "1000000" },
    seed: { type: "string", default: "1" },
    servers: { type: "string", default: "both" },
  },
});
const requestCount = Number(values.requests);
const kinds = values.servers === "both" ? ["open", "verified"] : [values.servers];
const startedMs = performance.now();
let faultCount = 0;
await using closing = new AsyncDisposableStack();
const servers: { readonly kind: string; readonly server: FuzzedServer; readonly samples: MemorySample[] }[] = [];
for (const kind of kinds) {
  servers.push({ kind, server: closing.use(await FuzzedServer.start(kind === "verified")), samples: [] });
}
let seed = Number(values.seed);
for (let done = 0; done < requestCount; done += requestsAtATime, seed++) {
  const turn = servers[(seed + 1) % servers.length];
  if (turn === undefined) break;
  const { kind, server, samples } = turn;
  const figures = await server.fuzz(seed, Math.min(requestsAtATime, requestCount - done));
  samples.push(figures.memory);
  report(`seed ${seed}, ${kind}`, figures);
}
for (const { kind, samples } of servers) {
  const growth = memoryGrowth(samples);
  if (growth === undefined) continue;
  faultCount++;
  console.log(`fuzz: ${kind}: ${growth}`);
}
const seconds = Math.round((performance.now() - startedMs) / 1000);
console.log(`fuzz: ${requestCount} requests, ${faultCount} faults, ${seconds} s`);
process.exitCode = faultCount === 0 ? 0 : 1;

function report(where: string, { requestCount: sent, slowestMs, memory, statuses, faults }: FuzzFigures): void {
  const counts = [...statuses]
    .sort(([one], [other]) => one - other)
    .map(([status, times]) => `${status}: ${times}`)
    .join(", ");
  const { retainedMiB, residentMiB } = memory;
  console.log(
    `fuzz: ${where}, ${sent} requests, slowest ${slowestMs.toFixed(0)} ms, ${retainedMiB.toFixed(1)} MiB retained, ${residentMiB.toFixed(0)} resident, ${counts}`,
  );
  for (const fault of faults) console.log(`  ${fault}`);
  faultCount += faults.length;
}
