/**
 * How soon the built server is ready on an empty data directory, against `node -e 0` in the same run, and what it weighs
 * when idle. Exits 1 if either is over its bound:
 *   node_modules/.bin/node bench/start.ts [--rounds 7]
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { buildServer } from "./build-server.ts";
import { startMillraceServer } from "./contestants.ts";
import { residentMiB } from "./process-figures.ts";
import { median } from "./report.ts";

const readyRatioMax = 8;
const idleResidentMbMax = 90;
const idleMs = 1_000;

const { values: flags } = parseArgs({ options: { rounds: { type: "string", default: "7" } } });
buildServer();
const bareMs: number[] = [];
const readyMs: number[] = [];
const idleMiB: number[] = [];
for (let round = 0; round < Number(flags.rounds); round++) {
  const begin = performance.now();
  spawnSync(process.execPath, ["-e", "0"]);
  bareMs.push(performance.now() - begin);
  const server = await startMillraceServer("durable");
  try {
    readyMs.push(server.readyMs);
    await new Promise((resolve) => setTimeout(resolve, idleMs));
    idleMiB.push(residentMiB(server.pid));
  } finally {
    await server.stop();
  }
}
const ratio = median(readyMs) / median(bareMs);
const residentMb = (median(idleMiB) * 1024 * 1024) / 1e6;
console.log(`node ${process.version}, medians of ${flags.rounds} rounds, ${new Date().toISOString()}`);
console.log(`node -e 0        ${median(bareMs).toFixed(0)} ms`);
console.log(
  `ready            ${median(readyMs).toFixed(0)} ms = ${ratio.toFixed(1)} x node -e 0 (at most ${readyRatioMax})`,
);
console.log(`idle RSS         ${residentMb.toFixed(0)} MB (at most ${idleResidentMbMax})`);
// NaN, where there is no /proc, is not over the bound.
if (ratio > readyRatioMax || residentMb > idleResidentMbMax) process.exitCode = 1;
