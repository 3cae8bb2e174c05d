import assert from "node:assert/strict";
import { test } from "node:test";
import { ServerProcess } from "../../support/start-server.ts";
import { growthOf, loadFully } from "./full-load.ts";

const roundCount = 8;

test("memory stays where it is under full load, while records come, are read and expire", async (context) => {
  if (process.platform !== "linux") return context.diagnostic("resident memory is only known on Linux");
  await using server = await ServerProcess.start({ args: ["--dev", "--disk-budget", "4GiB"] });
  const { records, readRecords, residentMiB } = await loadFully(server, {
    shards: 64,
    recordsPerRound: 80_000,
    goesOn: (rounds) => rounds < roundCount,
  });
  const [first = 0, last = 0] = [residentMiB[0], residentMiB.at(-1)];
  context.diagnostic(`${records} records, ${readRecords} read; resident ${first.toFixed(0)} to ${last.toFixed(0)} MiB`);
  assert(readRecords > 0 && residentMiB.length >= roundCount);
  assert(growthOf(residentMiB) < 1.1, `resident memory in MiB: ${residentMiB.map((one) => one.toFixed(0)).join(" ")}`);
});
