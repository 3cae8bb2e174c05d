/** node test/simulation/channels/long-run.ts --from 1 --seeds 1000: channels on a simulated disk and a simulated store. */
import { parseArgs } from "node:util";
import { runSeeds } from "./run-seed.ts";

const toldEvery = 50;

const { values } = parseArgs({
  options: { from: { type: "string", default: "1" }, seeds: { type: "string", default: "1000" } },
});
const from = Number(values.from);
const count = Number(values.seeds);
const startedMs = performance.now();
for (let done = 0; done < count; done += toldEvery) {
  const seen = await runSeeds(from + done, Math.min(toldEvery, count - done));
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  console.log(`channels: ${Math.min(count, done + toldEvery)} of ${count} seeds in ${seconds} s`, seen);
}
