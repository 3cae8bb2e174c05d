/**
 * Whether the durable engine stays what it is when its log has grown, in one table of figures beside their goals:
 *   npm run bench:volume -- [--gigabytes 2] [--streams 1] [--shards 64] [--windows 9] [--only volume|drain|idle]
 * `volume` fills one server, then puts into it and into empty ones in turn; `drain` reads one of 1,000 shards from disk and
 * from memory in turn; `idle` starts with 10,000 shards and with none. The data goes into a directory beside the system's
 * temporary ones and is removed at the end; it needs 1.3 times the gigabytes. Linux only. See docs/benchmarks/method.md.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildServer } from "./build-server.ts";
import { freeBytes } from "./disk-figures.ts";
import { measureDrain } from "./volume-drain.ts";
import { measureIdle } from "./volume-idle.ts";
import { type Figure, goalsTable } from "./volume-report.ts";
import { measureVolume } from "./volume-windows.ts";

const { values: flags } = parseArgs({
  options: {
    gigabytes: { type: "string", default: "2" },
    streams: { type: "string", default: "1" },
    shards: { type: "string", default: "64" },
    windows: { type: "string", default: "9" },
    only: { type: "string", default: "" },
  },
});
const spaceNeeded = 1.3;

const bytes = Number(flags.gigabytes) * 1e9;
const directory = mkdtempSync(join(tmpdir(), "millrace-volume-"));
process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
if (freeBytes(directory) < bytes * spaceNeeded) throw new Error(`${directory} has too little space`);
buildServer();
const options = {
  directory,
  bytes,
  streams: Number(flags.streams),
  shards: Number(flags.shards),
  windows: Number(flags.windows),
};
const parts: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  volume: () => measureVolume(options),
  drain: () => measureDrain(options),
  idle: () => measureIdle(options),
};
const figures: Figure[] = [];
for (const [name, measure] of Object.entries(parts)) if (name.includes(flags.only)) figures.push(...(await measure()));
console.log(`node ${process.version}, ${cpus().length} x ${cpus()[0]?.model.trim()}, ${new Date().toISOString()}`);
console.log(goalsTable(figures));
