/** node test/simulation/channels/long-run.ts --from 1 --seeds 1000: channels on a simulated disk and a simulated store. */
import { runManySeeds } from "../run-many-seeds.ts";
import { runSeeds, runTableSeeds } from "./run-seed.ts";

await runManySeeds({ name: "channels", seedsDefault: 1_000, toldEvery: 50, runSeeds });
await runManySeeds({ name: "channels into tables", seedsDefault: 1_000, toldEvery: 50, runSeeds: runTableSeeds });
