/**
 * Compares rows written in WebAssembly with those of the general path, for as long as one likes.
 *
 *   node test/property/row-writer/long-run.ts --pages 100000 --seed 1
 *
 * A failure prints the seed of its page: --seed THAT --pages 1 brings it back.
 */
import { parseArgs } from "node:util";
import { compareRows } from "./compare-rows.ts";

const pagesAtATime = 1_000;
const { values } = parseArgs({
  options: { pages: { type: "string", default: "100000" }, seed: { type: "string", default: "1" } },
});
const pageCount = Number(values.pages);
const startedMs = performance.now();
for (let done = 0; done < pageCount; done += pagesAtATime) {
  compareRows(Number(values.seed) + done, Math.min(pagesAtATime, pageCount - done));
  if (done % (20 * pagesAtATime) === 0) console.log(`rows: ${done} pages`);
}
const seconds = Math.round((performance.now() - startedMs) / 1000);
console.log(`rows: ${pageCount} pages without a difference, ${seconds} s`);
