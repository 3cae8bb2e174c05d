/** The ratios that matter, each of two figures of one run, with the bound that is aimed at. Pure. */
import { type Figures, markdownTable, type Row, significant } from "./report.ts";

type Figure = "recordsPerSecond" | "cpuSecondsPerMillion" | "mainCpuSecondsPerMillion" | "p50Ms" | "diskSyncMs";

interface Place {
  readonly scenario: string;
  readonly server: string;
  readonly figure: Figure;
}

export interface Goal {
  readonly name: string;
  readonly of: Place;
  readonly over: Place;
  readonly atLeast?: number;
  readonly atMost?: number;
}

type Baseline = Readonly<Record<string, number>>;

/** A ratio that differs from the stored one by more than this share has moved. */
export const movedShareMin = 0.15;

const [memory, durable] = ["millrace memory", "millrace durable"];
const [bulk, small, one, reads] = ["put-records-1k", "put-records-100b", "put-record-c32", "get-records-tail"];

export const goals: readonly Goal[] = [
  rate(bulk, durable, "floor: parse", { atLeast: 0.9 }),
  cpu(bulk, durable, "floor: parse", { atMost: 1.4 }),
  rate(bulk, durable, "floor: answer", { atLeast: 2.2 }),
  rate(bulk, memory, "floor: parse", { atLeast: 1.15 }),
  cpu(bulk, memory, "floor: parse", { atMost: 1 }),
  rate(small, durable, "floor: parse", { atLeast: 0.5 }),
  rate(one, durable, "floor: parse", { atLeast: 0.55 }),
  rate(one, memory, "floor: parse", { atLeast: 0.8 }),
  {
    name: "put-record-c1: p50 of millrace durable / one fdatasync",
    of: { scenario: "put-record-c1", server: durable, figure: "p50Ms" },
    over: { scenario: "put-record-c1", server: durable, figure: "diskSyncMs" },
    atMost: 3,
  },
  rate(bulk, durable, "kinesalite", { atLeast: 40 }),
  cpu(bulk, durable, "kinesalite", { atMost: 1 / 35 }),
  rate(one, durable, "kinesalite", { atLeast: 4 }),
  rate(bulk, durable, "kinesis-local", { atLeast: 300 }),
  rate(bulk, durable, "moto", { atLeast: 50 }),
  rate(bulk, durable, "ferrokinesis", {}),
  rate(one, durable, "ferrokinesis", {}),
  rate(reads, durable, "floor: drain", { atLeast: 0.5 }),
  rate(reads, memory, "floor: drain", { atLeast: 0.5 }),
  acrossShards("put-records-1k-1000-shards", 1.15),
  acrossShards("put-records-1k-10000-shards", 1.3),
  againstPlain("sigv4", "mainCpuSecondsPerMillion", 1.25),
  againstPlain("limits", "cpuSecondsPerMillion", 1.05),
];

type Bound = Pick<Goal, "atLeast" | "atMost">;

function rate(scenario: string, server: string, other: string, bound: Bound): Goal {
  const at = (name: string): Place => ({ scenario, server: name, figure: "recordsPerSecond" });
  return { name: `${scenario}: rate of ${server} / ${other}`, of: at(server), over: at(other), ...bound };
}

function cpu(scenario: string, server: string, other: string, bound: Bound): Goal {
  const at = (name: string): Place => ({ scenario, server: name, figure: "cpuSecondsPerMillion" });
  return { name: `${scenario}: CPU of ${server} / ${other}`, of: at(server), over: at(other), ...bound };
}

function acrossShards(scenario: string, atMost: number): Goal {
  const at = (name: string): Place => ({ scenario: name, server: durable, figure: "cpuSecondsPerMillion" });
  return { name: `${scenario}: CPU of ${durable} / 4 shards`, of: at(scenario), over: at(bulk), atMost };
}

function againstPlain(variant: string, figure: Figure, atMost: number): Goal {
  const at = (server: string): Place => ({ scenario: bulk, server, figure });
  const what = figure === "mainCpuSecondsPerMillion" ? "main thread's CPU" : "CPU";
  return {
    name: `${bulk}: ${what} with ${variant} / without`,
    of: at(`${durable} ${variant}`),
    over: at(durable),
    atMost,
  };
}

/** By goal name; without those whose figures the run did not bring. */
export function ratiosOf(figures: Figures): Baseline {
  const ratios: Record<string, number> = {};
  for (const { name, of, over } of goals) {
    const ratio = figureAt(figures, of) / figureAt(figures, over);
    if (Number.isFinite(ratio)) ratios[name] = Number(ratio.toPrecision(4));
  }
  return ratios;
}

function figureAt(figures: Figures, { scenario, server, figure }: Place): number {
  const row: Row | undefined = figures[scenario]?.find(({ name }) => name === server);
  return row?.[figure] ?? Number.NaN;
}

export function goalsTable(figures: Figures): string {
  const ratios = ratiosOf(figures);
  const rows = goals.flatMap((goal) => {
    const ratio = ratios[goal.name];
    return ratio === undefined ? [] : [[goal.name, significant(ratio), boundText(goal), isMet(goal, ratio)]];
  });
  return rows.length === 0 ? "" : markdownTable([["ratio", "measured", "goal", "met"], ...rows]);
}

function boundText({ atLeast, atMost }: Goal): string {
  if (atLeast !== undefined) return `>= ${significant(atLeast)}`;
  return atMost === undefined ? "-" : `<= ${significant(atMost)}`;
}

function isMet({ atLeast, atMost }: Goal, ratio: number): string {
  if (atLeast === undefined && atMost === undefined) return "-";
  return ratio >= (atLeast ?? ratio) && ratio <= (atMost ?? ratio) ? "yes" : "no";
}

/** One line for each ratio that has moved since the baseline was stored, or that the baseline does not know. */
export function movedSince(baseline: Baseline, figures: Figures): readonly string[] {
  return Object.entries(ratiosOf(figures)).flatMap(([name, now]) => {
    const before = baseline[name];
    if (before === undefined) return [`${name}: ${significant(now)}, new`];
    const moved = now / before - 1;
    if (Math.abs(moved) <= movedShareMin) return [];
    const percent = `${moved > 0 ? "+" : ""}${(moved * 100).toFixed(0)} %`;
    return [`${name}: ${significant(before)} before, ${significant(now)} now (${percent})`];
  });
}
