/** node test/simulation/queues/long-run.ts --from 1 --seeds 10000: queues on a simulated disk whose power goes at any moment. */
import { runManySeeds } from "../run-many-seeds.ts";
import { runSeeds } from "./run-seed.ts";

await runManySeeds({ name: "queues", seedsDefault: 10_000, toldEvery: 100, runSeeds });
