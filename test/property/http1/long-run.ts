/**
 * Compares the fast path of HTTP/1.1 with node:http, for as long as one likes: every split of each recorded request, then
 * random streams.
 *
 *   node test/property/http1/long-run.ts --streams 5000000 --seed 1
 *
 * A failure prints the seed of its stream: --seed THAT --streams 1 brings it back.
 */
import { parseArgs } from "node:util";
import { compareByHeads, compareRandomStreams, compareSplits } from "./compare-readers.ts";

const streamsAtATime = 20_000;
/** So many of them also head by head, which takes more ticks. */
const byHeadsCount = 2_000;
const { values } = parseArgs({
  options: { streams: { type: "string", default: "5000000" }, seed: { type: "string", default: "1" } },
});
const streamCount = Number(values.streams);
const startedMs = performance.now();
if (streamCount > 1) console.log(`http1: every split: ${(await compareSplits(1)).servedCount} requests served`);
let servedCount = 0;
for (let done = 0; done < streamCount; done += streamsAtATime) {
  const compared = await compareRandomStreams(Number(values.seed) + done, Math.min(streamsAtATime, streamCount - done));
  servedCount += compared.servedCount;
  await compareByHeads(Number(values.seed) + done, Math.min(byHeadsCount, streamCount - done));
  if (done % (10 * streamsAtATime) === 0) console.log(`http1: ${done} streams, ${servedCount} requests served`);
}
const seconds = Math.round((performance.now() - startedMs) / 1000);
console.log(`http1: ${streamCount} streams without a difference, ${servedCount} requests served, ${seconds} s`);
