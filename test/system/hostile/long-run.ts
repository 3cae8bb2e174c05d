/**
 * Attacks a server in each way for a while, beside a polite client, and prints a table. Exit code 1 when a bound is broken.
 *
 *   npm run test:hostile                       each attack for 60 s
 *   npm run test:hostile -- --seconds 10       for a shorter time
 *   npm run test:hostile -- --only quotes      those whose name holds the text
 */
import { parseArgs } from "node:util";
import { attacks } from "./attacks.ts";
import { type AttackResult, runAttack } from "./run-attack.ts";

const politeP99MsMax = 500;
const rssMiBMax = 512;

const { values } = parseArgs({ options: { seconds: { type: "string" }, only: { type: "string" } } });
const durationMs = Number(values.seconds ?? "60") * 1000;

function row(cells: readonly string[]): string {
  const widths = [58, 10, 10, 9, 9];
  return `${cells.map((cell, index) => (index === 0 ? cell.padEnd(58) : cell.padStart(widths[index] ?? 0))).join("  ")}\n`;
}

function isWithstood({ politeP99Ms, rssMiBMax: rss, politeFailureCount, faults }: AttackResult): boolean {
  return politeP99Ms <= politeP99MsMax && rss <= rssMiBMax && politeFailureCount === 0 && faults.length === 0;
}

process.stdout.write(row(["attack", "p99 ms", "max ms", "RSS MiB", "outcome"]));
let brokenCount = 0;
for (const attack of attacks.filter(({ name }) => name.includes(values.only ?? ""))) {
  const result = await runAttack(attack, durationMs);
  const { name, politeP99Ms, politeMaxMs, rssMiBMax: rss, faults } = result;
  const outcome = isWithstood(result) ? "withstood" : "BROKEN";
  const figures = [politeP99Ms, politeMaxMs, rss].map((figure) => figure.toFixed(0));
  process.stdout.write(row([name, ...figures, outcome]));
  for (const fault of faults) process.stdout.write(`    ${fault}\n`);
  if (outcome !== "withstood") brokenCount++;
}
process.exitCode = brokenCount === 0 ? 0 : 1;
