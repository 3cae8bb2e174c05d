/**
 * Measures Millrace beside bare node:http servers and beside other Kinesis servers, all in one interleaved run:
 *   npm run bench -- [--rounds 3] [--seconds 1] [--only TEXT[,TEXT]] [--before CHECKOUT] [--json FILE]
 * `--only` keeps the scenarios, or the servers, whose names contain one of the texts. Every measurement gets a fresh server.
 * See docs/benchmarks.md.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildServer, type Contestant, contestants, earlierContestants, installPeers } from "./contestants.ts";
import type { Job, Measurement } from "./load.ts";
import { figuresTable, type Row, ratiosTable, summarize } from "./report.ts";
import { type Scenario, scenarios } from "./scenarios.ts";

/** No measurement of a default run begins after this, so that it stays under five minutes on a slow machine. */
const runSecondsMax = 270;
const loadSecondsMax = 20;

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "1" },
    only: { type: "string", default: "" },
    before: { type: "string" },
    json: { type: "string" },
  },
});

async function main(): Promise<void> {
  const rounds = positive("--rounds", flags.rounds);
  const seconds = positive("--seconds", flags.seconds);
  const { chosenScenarios, chosenContestants } = choose(flags.only.split(",").filter((text) => text !== ""));
  if (chosenContestants.some((one) => one.kind === "ours")) buildServer();
  if (chosenContestants.some((one) => one.kind === "peer")) installPeers();
  const turns = schedule(chosenScenarios, chosenContestants, rounds);
  // A longer run than the default was asked for and is given its time.
  const secondsMax = Math.max(runSecondsMax, turns.length * (seconds * 2 + 2));
  const measured = await measureAll(turns, { seconds, secondsMax });
  console.log(`node ${process.version}, ${cpus().length} x ${cpus()[0]?.model.trim()}, ${new Date().toISOString()}`);
  console.log(`medians of ${rounds} interleaved rounds of ${seconds} s (kinesis-local: one round)`);
  const report: Record<string, readonly Row[]> = {};
  for (const scenario of chosenScenarios) {
    const rows = chosenContestants.flatMap((contestant) => {
      const measurements = measured.get(`${scenario.name} ${contestant.name}`) ?? [];
      return measurements.length === 0 ? [] : [summarize(contestant.name, contestant.kind, measurements)];
    });
    report[scenario.name] = rows;
    console.log(`\n### ${scenario.title}\n\n${figuresTable(rows)}\n\n${ratiosTable(rows)}`);
  }
  if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(report, null, 2)}\n`);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${name} must be a number above 0, not ${text}`);
  return value;
}

/** A text that matches no scenario is about servers, and the other way round. */
function choose(only: readonly string[]) {
  const all = flags.before === undefined ? contestants : [...contestants, ...earlierContestants(flags.before)];
  const matching = <T extends { readonly name: string }>(those: readonly T[]): readonly T[] => {
    const found = those.filter((one) => only.some((text) => one.name.includes(text)));
    return found.length === 0 ? those : found;
  };
  for (const text of only) {
    if (![...scenarios, ...all].some((one) => one.name.includes(text))) {
      throw new Error(`--only ${text}: no scenario and no server has that in its name`);
    }
  }
  return { chosenScenarios: matching(scenarios), chosenContestants: matching(all) };
}

interface Turn {
  readonly round: number;
  readonly scenario: Scenario;
  readonly contestant: Contestant;
}

/** Interleaved: a noisy minute hits every server, not one. */
function schedule(chosenScenarios: readonly Scenario[], chosenContestants: readonly Contestant[], rounds: number) {
  const turns: Turn[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const scenario of chosenScenarios) {
      for (const contestant of chosenContestants) {
        if (round <= (contestant.roundsMax ?? rounds)) turns.push({ round, scenario, contestant });
      }
    }
  }
  return turns;
}

async function measureAll(
  turns: readonly Turn[],
  { seconds, secondsMax }: { readonly seconds: number; readonly secondsMax: number },
): Promise<ReadonlyMap<string, readonly Measurement[]>> {
  const deadline = performance.now() + secondsMax * 1000;
  const measured = new Map<string, Measurement[]>();
  for (const [done, { round, scenario, contestant }] of turns.entries()) {
    if (performance.now() > deadline) {
      console.error(`out of time: the last ${turns.length - done} measurements are left out`);
      break;
    }
    const key = `${scenario.name} ${contestant.name}`;
    try {
      const measurement = await measureOnce(contestant, scenario, seconds);
      measured.set(key, [...(measured.get(key) ?? []), measurement]);
      const rate = Math.round(measurement.records / measurement.seconds).toLocaleString("en-US");
      console.error(`round ${round}  ${key}: ${rate} rec/s`);
    } catch (error) {
      // A peer that cannot do this scenario on this machine must not cost the others their figures.
      if (contestant.kind === "ours") throw error;
      console.error(`round ${round}  ${key}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return measured;
}

async function measureOnce(contestant: Contestant, scenario: Scenario, seconds: number): Promise<Measurement> {
  const server = await contestant.start();
  try {
    return await load({ scenario, port: server.port, serverPid: server.pid, seconds });
  } finally {
    await server.stop();
  }
}

async function load(job: Job): Promise<Measurement> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "load.ts"), JSON.stringify(job)], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: (loadSecondsMax + 2 * job.seconds) * 1000,
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error("did not finish");
  return JSON.parse(output) as Measurement;
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
