/**
 * Full load for as long as you like, on the server as `npm start` starts it; prints its resident memory, and fails if that
 * has grown:
 *   npm run soak:load -- [--minutes 60] [--shards 64]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildServer } from "../../../bench/build-server.ts";
import { serveDirectory } from "../../../bench/contestants.ts";
import { median } from "../../../bench/report.ts";
import { type FullLoad, growthOf, loadFully } from "./full-load.ts";

const { values: flags } = parseArgs({
  options: { minutes: { type: "string", default: "60" }, shards: { type: "string", default: "64" } },
});
const [loadMs, shards] = [Number(flags.minutes) * 60_000, Number(flags.shards)];
const recordsPerRound = 250_000;
const toldEveryMs = 60_000;
/** What the second half may take more than the first. */
const growthMax = 1.05;

buildServer();
const directory = mkdtempSync(join(tmpdir(), "millrace-soak-"));
const server = await serveDirectory(join(directory, "data"), ["--dev", "--disk-budget", "8GiB"]);
let toldMs = performance.now();
try {
  const load = await loadFully(server, {
    shards,
    recordsPerRound,
    goesOn: (_, elapsedMs) => elapsedMs < loadMs,
    onRound: (soFar) => {
      if (performance.now() < toldMs + toldEveryMs) return;
      toldMs = performance.now();
      console.log(describe(soFar));
    },
  });
  const growth = growthOf(load.residentMiB);
  console.log(`${describe(load)}; most of the second half / most of the first: ${growth.toFixed(3)}`);
  if (!(growth <= growthMax)) process.exitCode = 1;
} finally {
  await server.stop("SIGKILL");
  rmSync(directory, { recursive: true });
}

function describe({ records, readRecords, residentMiB }: FullLoad): string {
  const [typical, most] = [median(residentMiB), Math.max(...residentMiB)].map((one) => one.toFixed(0));
  const millions = [records, readRecords].map((count) => (count / 1e6).toFixed(1));
  return `${millions[0]} M records put, ${millions[1]} M read; resident ${typical} MiB in the middle, ${most} at most`;
}
