/**
 * The long form of the tests of the disk.
 *
 *   npm run test:disk                      10,000 seeds, then every bit of a closed directory flipped, and of an encrypted one,
 *                                          and every byte of the headers in the log's last file after a crash
 *   npm run test:disk -- --seed 123        one seed alone; --trace shows every operation and call of it
 *   npm run test:disk -- --from 1 --seeds 500
 *   npm run test:disk -- --flips           the flipped bits alone
 */
import { parseArgs } from "node:util";
import { flipEverywhere } from "./flips/flip-everywhere.ts";
import { flipAround, flipEarlierGroups, flipLastTwo, type Variant } from "./flips/flip-tail.ts";
import { runSeed } from "./run-seed.ts";

const toldEvery = 100;
const toldEveryMs = 60_000;

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    from: { type: "string", default: "1" },
    seeds: { type: "string", default: "10000" },
    trace: { type: "boolean", default: false },
    flips: { type: "boolean", default: false },
  },
});

const from = Number(values.seed ?? values.from);
const count = values.flips ? 0 : values.seed === undefined ? Number(values.seeds) : 1;
const broken: number[] = [];
const startMs = performance.now();
for (let seed = from; seed < from + count; seed++) {
  try {
    await runSeed(seed, values.trace ? console.log : undefined);
  } catch (error) {
    console.error(error);
    broken.push(seed);
  }
  const done = seed - from + 1;
  if (done % toldEvery === 0 || done === count) {
    const seconds = Math.round((performance.now() - startMs) / 1000);
    console.log(`${done} of ${count} seeds in ${seconds} s, ${broken.length} broken`);
  }
}
if (values.seed === undefined) {
  await flipAll("plain", false);
  await flipAll("encrypted", true);
  for (const isRecycled of [false, true]) await flipTail({ isEncrypted: isRecycled, isRecycled, headStep: 1 });
}
if (broken.length > 0) {
  console.error(`broken: ${broken.join(", ")}`);
  process.exitCode = 1;
}

async function flipAll(name: string, isEncrypted: boolean): Promise<void> {
  const beganMs = performance.now();
  let toldMs = beganMs;
  const onByte = (done: number, total: number): void => {
    const nowMs = performance.now();
    if (nowMs < toldMs + toldEveryMs && done < total) return;
    toldMs = nowMs;
    console.log(`${name}: every bit of ${done} of ${total} bytes in ${Math.round((nowMs - beganMs) / 1000)} s`);
  };
  const { places, outcomes } = await flipEverywhere({ bits: "every", isEncrypted, onByte });
  console.log(`${name}:`, Object.fromEntries(places), outcomes);
}

async function flipTail(variant: Variant): Promise<void> {
  const counts = [await flipLastTwo(variant), await flipEarlierGroups(variant), await flipAround(variant)];
  console.log(`after a crash, ${JSON.stringify(variant)}: ${counts.join(" + ")} bytes flipped`);
}
