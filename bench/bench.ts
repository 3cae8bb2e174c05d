/**
 * Measures Millrace beside bare node:http servers and beside other Kinesis servers, all in one interleaved run:
 *   npm run bench -- [--rounds 3] [--seconds 1] [--all] [--only TEXT[,TEXT]] [--before CHECKOUT] [--json FILE] [--compare]
 *                    [--publish]
 * `--only` keeps the scenarios, or the servers, whose names contain one of the texts; a text that is a whole name means
 * that one alone. `--compare` prints which ratios have moved against bench/baseline.json; `--publish` stores them there and
 * writes tables and chart into docs/benchmarks/. Every measurement gets a fresh server. See docs/benchmarks/method.md.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { buildServer } from "./build-server.ts";
import { chooseTurns, type Turn } from "./choose.ts";
import { contestants, earlierContestants } from "./contestants.ts";
import { goalsTable, movedShareMin, movedSince } from "./goals.ts";
import { measureOnce } from "./measure-once.ts";
import { installPeers } from "./peers.ts";
import { baselinePath, publish } from "./publish.ts";
import { type Figures, figuresTable, type Measured, type Row, ratiosTable, summarize } from "./report.ts";
import { lines, type Scenario } from "./scenarios.ts";

/** No measurement of a default run begins after this, so that it stays under seven minutes on a slow machine. */
const runSecondsMax = 400;
/** Starting a server and a load process, and filling a stream. */
const setUpSecondsMax = 6;

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "1" },
    all: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    before: { type: "string" },
    json: { type: "string" },
    compare: { type: "boolean", default: false },
    publish: { type: "boolean", default: false },
  },
});

async function main(): Promise<void> {
  const rounds = positive("--rounds", flags.rounds);
  const seconds = positive("--seconds", flags.seconds);
  const turns = turnsToMeasure(rounds);
  // A longer run than the default was asked for and is given its time.
  const isLonger = flags.all || rounds > 3 || seconds > 1;
  const secondsMax = isLonger ? turns.length * (seconds * 2 + setUpSecondsMax) : runSecondsMax;
  const measured = await measureAll(turns, { seconds, secondsMax });
  const figures = figuresOf(turns, measured);
  const about = [
    `node ${process.version}, ${cpus().length} x ${cpus()[0]?.model.trim()}, load average ${loadavg()[0]?.toFixed(1)}, ${new Date().toISOString()}`,
    `medians of ${rounds} interleaved rounds of ${seconds} s (kinesis-local and moto: one round)`,
  ];
  const report = reportOf(figures);
  console.log(`${about.join("\n")}\n\n${report}`);
  if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(figures, null, 2)}\n`);
  if (flags.compare) compare(figures);
  if (flags.publish) publish({ figures, report: `${about.join(";\n")}.\n\n${report}` });
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${name} must be a number above 0, not ${text}`);
  return value;
}

function turnsToMeasure(rounds: number): readonly Turn[] {
  const earlier = flags.before === undefined ? [] : earlierContestants(flags.before);
  const only = flags.only.split(",").filter((text) => text !== "");
  const turns = chooseTurns({ lines, contestants, earlier }, { only, isAll: flags.all, rounds });
  const chosen = new Map(turns.map(({ contestant }) => [contestant.name, contestant]));
  if ([...chosen.values()].some((one) => one.kind === "ours")) buildServer();
  const wanted = [...chosen.values()].filter((one) => one.kind === "peer").map((one) => one.name);
  const here = new Set(installPeers(wanted));
  return turns.filter(({ contestant }) => contestant.kind !== "peer" || here.has(contestant.name));
}

async function measureAll(
  turns: readonly Turn[],
  { seconds, secondsMax }: { readonly seconds: number; readonly secondsMax: number },
): Promise<ReadonlyMap<string, readonly Measured[]>> {
  const deadline = performance.now() + secondsMax * 1000;
  const measured = new Map<string, Measured[]>();
  for (const [done, turn] of turns.entries()) {
    if (performance.now() > deadline) {
      console.error(`out of time: the last ${turns.length - done} measurements are left out`);
      break;
    }
    const key = keyOf(turn);
    try {
      const measurement = await measureOnce(turn, seconds);
      measured.set(key, [...(measured.get(key) ?? []), measurement]);
      const rate = Math.round(measurement.records / measurement.seconds).toLocaleString("en-US");
      console.error(`round ${turn.round}  ${key}: ${rate} rec/s`);
    } catch (error) {
      // A peer that cannot do this scenario on this machine must not cost the others their figures.
      if (turn.contestant.kind === "ours") throw error;
      console.error(`round ${turn.round}  ${key}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return measured;
}

function keyOf({ scenario, contestant }: Turn): string {
  return `${scenario.name} ${contestant.name}`;
}

function figuresOf(turns: readonly Turn[], measured: ReadonlyMap<string, readonly Measured[]>): Figures {
  const figures: Record<string, Row[]> = {};
  for (const turn of turns) {
    const { scenario, contestant, round } = turn;
    const measurements = measured.get(keyOf(turn)) ?? [];
    if (round > 1 || measurements.length === 0) continue;
    figures[scenario.name] ??= [];
    figures[scenario.name]?.push(summarize(contestant, scenario.recordBytes, measurements));
  }
  return figures;
}

function reportOf(figures: Figures): string {
  const titles = new Map(lines.map(({ scenario }: { scenario: Scenario }) => [scenario.name, scenario.title]));
  const sections = Object.entries(figures).map(([name, rows]) =>
    [`#### ${titles.get(name)}`, figuresTable(rows), ratiosTable(rows)].filter((text) => text !== "").join("\n\n"),
  );
  const ofGoals = goalsTable(figures);
  return [...sections, ...(ofGoals === "" ? [] : [`#### The ratios that are aimed at\n\n${ofGoals}`])].join("\n\n");
}

/** For information: a machine's mood is no fault of the code. */
function compare(figures: Figures): void {
  const baseline = JSON.parse(readFileSync(baselinePath, "utf8")) as Readonly<Record<string, number>>;
  const moved = movedSince(baseline, figures);
  const share = `${(movedShareMin * 100).toFixed(0)} %`;
  console.log(
    `\nRatios that moved by more than ${share} against bench/baseline.json: ${moved.length === 0 ? "none" : ""}`,
  );
  for (const line of moved) console.log(`  ${line}`);
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
