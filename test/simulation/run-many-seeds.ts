import { parseArgs } from "node:util";

export interface ManySeeds {
  /** What the seeds are about. */
  readonly name: string;
  readonly seedsDefault: number;
  /** Seeds between two lines about them. */
  readonly toldEvery: number;
  readonly runSeeds: (first: number, count: number) => Promise<Readonly<Record<string, number>>>;
}

/** Runs as many seeds as the command says: `--from 1 --seeds 1000`. Rejects at the first that breaks a promise. */
export async function runManySeeds({ name, seedsDefault, toldEvery, runSeeds }: ManySeeds): Promise<void> {
  const { values } = parseArgs({
    options: { from: { type: "string", default: "1" }, seeds: { type: "string", default: `${seedsDefault}` } },
  });
  const from = Number(values.from);
  const count = Number(values.seeds);
  const startedMs = performance.now();
  for (let done = 0; done < count; done += toldEvery) {
    const seen = await runSeeds(from + done, Math.min(toldEvery, count - done));
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    console.log(`${name}: ${Math.min(count, done + toldEvery)} of ${count} seeds in ${seconds} s`, seen);
  }
}
