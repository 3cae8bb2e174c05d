/**
 * Attacks a server in each way for a while, beside a polite client, and prints a table. Exit code 1 when a bound is broken.
 *
 * The columns: p99 and longest latency of the polite client, p99 of health over a kept connection and over new ones, the
 * longest delay of the event loops of the server and of the polite client (a late client measures itself), memory.
 *
 *   npm run test:hostile                       each attack for 60 s
 *   npm run test:hostile -- --seconds 10       for a shorter time
 *   npm run test:hostile -- --only quotes      those whose name holds the text
 */
import { parseArgs } from "node:util";
import { attacks } from "./attacks.ts";
import { type AttackResult, runAttack } from "./run-attack.ts";

const politeP99MsMax = 500;
const healthP99MsMax = 100;
const rssMiBMax = 512;

const { values } = parseArgs({ options: { seconds: { type: "string" }, only: { type: "string" } } });
const durationMs = Number(values.seconds ?? "60") * 1000;

const columns: readonly (readonly [title: string, of: (result: AttackResult) => number])[] = [
  ["p99 ms", ({ politeP99Ms }) => politeP99Ms],
  ["max", ({ politeMaxMs }) => politeMaxMs],
  ["health", ({ healthP99Ms }) => healthP99Ms],
  ["new", ({ newConnectionP99Ms }) => newConnectionP99Ms],
  ["loop", ({ serverLoopMsMax }) => serverLoopMsMax],
  ["client", ({ politeLoopMsMax }) => politeLoopMsMax],
  ["RSS MiB", ({ rssMiBMax: rss }) => rss],
];

function row(name: string, figures: readonly string[], outcome: string): string {
  return `${name.padEnd(58)}${figures.map((figure) => figure.padStart(8)).join("")}  ${outcome}\n`;
}

function isWithstood(result: AttackResult): boolean {
  const { politeP99Ms, healthP99Ms, newConnectionP99Ms, rssMiBMax: rss, politeFailureCount, faults } = result;
  const isPrompt = Math.max(politeP99Ms, newConnectionP99Ms) <= politeP99MsMax && healthP99Ms <= healthP99MsMax;
  return isPrompt && rss <= rssMiBMax && politeFailureCount === 0 && faults.length === 0;
}

process.stdout.write(
  row(
    "attack",
    columns.map(([title]) => title),
    "outcome",
  ),
);
let brokenCount = 0;
for (const attack of attacks.filter(({ name }) => name.includes(values.only ?? ""))) {
  const result = await runAttack(attack, durationMs);
  const outcome = isWithstood(result) ? "withstood" : "BROKEN";
  const figures = columns.map(([, of]) => of(result).toFixed(0));
  process.stdout.write(row(attack.name, figures, outcome));
  for (const fault of result.faults) process.stdout.write(`    ${fault}\n`);
  if (outcome !== "withstood") brokenCount++;
}
process.exitCode = brokenCount === 0 ? 0 : 1;
