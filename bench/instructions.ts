/**
 * Machine instructions per record of the parts of a put inside the process, counted by valgrind: figures that do not depend
 * on what else the machine does.
 *   npm run bench:instructions -- [--compare] [--save]
 * Each figure is the difference of two counts of the same program, with and without the part, in a V8 without threads or
 * chance; so they repeat to about three in a thousand. They hold for the instruction sets that valgrind knows, which end at
 * AVX2. Only the WebAssembly is optimized code: the JavaScript around it has not run often enough for that. Takes four
 * minutes. `--compare` prints the figures beside the stored ones, bench/instructions.json; `--save` stores them.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildServer } from "./build-server.ts";
import { markdownTable } from "./report.ts";

const parts = ["scan", "batch", "respond"] as const;
const sizes = [
  { dataBytes: 100, recordCount: 500 },
  { dataBytes: 1_024, recordCount: 500 },
  { dataBytes: 10_240, recordCount: 50 },
];
const times = 20;
const storedPath = join(import.meta.dirname, "instructions.json");
const v8Flags = [
  ...["--single-threaded", "--predictable", "--random-seed=1", "--hash-seed=1"],
  // WebAssembly is compiled once, by the optimizing compiler.
  ...["--no-liftoff", "--no-wasm-lazy-compilation"],
];

const { values: flags } = parseArgs({
  options: { compare: { type: "boolean", default: false }, save: { type: "boolean", default: false } },
});

function instructionsOf(part: string, dataBytes: number, recordCount: number, count: number): number {
  const loop = join(import.meta.dirname, "instruction-loop.mjs");
  const valgrind = [
    ...["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"],
    "--smc-check=all-non-file",
  ];
  const program = [process.execPath, ...v8Flags, loop, part, dataBytes, recordCount, count].map(String);
  const { status, stderr, error } = spawnSync("valgrind", [...valgrind, ...program], { encoding: "utf8" });
  if (error !== undefined) throw new Error(`valgrind could not be started: ${error.message}`);
  const refs = /I +refs: +([\d,]+)/.exec(stderr)?.[1];
  if (status !== 0 || refs === undefined) throw new Error(`valgrind ended with ${status}\n${stderr}`);
  return Number(refs.replaceAll(",", ""));
}

buildServer();
const counted: Record<string, number> = {};
const stored = JSON.parse(readFileSync(storedPath, "utf8")) as Readonly<Record<string, number>>;
const rows: string[][] = [["request", ...parts]];
for (const { dataBytes, recordCount } of sizes) {
  const without = instructionsOf("scan", dataBytes, recordCount, 0);
  const cells = parts.map((part) => {
    const all = instructionsOf(part, dataBytes, recordCount, times) - without;
    const perRecord = Math.round(all / (times * recordCount));
    const name = `${part}, ${dataBytes} B`;
    counted[name] = perRecord;
    const before = stored[name];
    if (!flags.compare || before === undefined) return String(perRecord);
    return `${perRecord} (${before} before, x ${(perRecord / before).toFixed(3)})`;
  });
  rows.push([`${recordCount} x ${dataBytes.toLocaleString("en-US")} B`, ...cells]);
}
console.log(`instructions per record, node ${process.version}, ${process.arch}\n\n${markdownTable(rows)}`);
if (flags.save) writeFileSync(storedPath, `${JSON.stringify(counted, null, 2)}\n`);
