/**
 * As forgeries.test.ts, but a million of them and with other ones each time.
 *
 *   node test/property/signatures/long-run.ts [--count 1000000] [--seed NUMBER]
 */
import { parseArgs } from "node:util";
import { forgeMany } from "./forge-many.ts";

const { values } = parseArgs({ options: { count: { type: "string" }, seed: { type: "string" } } });
const count = Number(values.count ?? 1_000_000);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
process.stdout.write(`${count} forged requests with seed ${seed}\n`);
const startedMs = performance.now();
const tried = await forgeMany({
  count,
  seed,
  report: (done) => {
    if (done % 100_000 === 0) process.stdout.write(`${done} refused\n`);
  },
});
const seconds = Math.round((performance.now() - startedMs) / 1000);
for (const [name, times] of [...tried].sort()) process.stdout.write(`${String(times).padStart(8)}  ${name}\n`);
process.stdout.write(`all ${count} refused in ${seconds} s\n`);
