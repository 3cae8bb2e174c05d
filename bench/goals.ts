/** The ratios that matter, each of two figures of one run, with the bound that is aimed at, if there is one. Pure. */
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
const [bulk, small, one] = ["put-records-1k", "put-records-100b", "put-record-c32"];
const [reads, polls] = ["get-records-tail", "get-records-empty-c32"];

const figureNames: Readonly<Record<Figure, string>> = {
  recordsPerSecond: "rate",
  cpuSecondsPerMillion: "CPU",
  mainCpuSecondsPerMillion: "main thread's CPU",
  p50Ms: "p50",
  diskSyncMs: "sync",
};

export const goals: readonly Goal[] = [
  rate(one, memory, "floor: parse", { atLeast: 1 }),
  cpu(one, memory, "floor: parse", { atMost: 1.1 }),
  rate(one, durable, "floor: parse", { atLeast: 0.75 }),
  cpu(one, durable, "floor: parse", { atMost: 1.5 }),
  rate(one, durable, "ferrokinesis", { atLeast: 1.1 }),
  {
    name: "put-record-c1: p50 of millrace durable / one write and sync",
    of: { scenario: "put-record-c1", server: durable, figure: "p50Ms" },
    over: { scenario: "put-record-c1", server: durable, figure: "diskSyncMs" },
    atMost: 4,
  },
  rate(polls, memory, "floor: parse", { atLeast: 1 }),
  rate(polls, durable, "floor: parse", { atLeast: 1 }),
  rate(small, durable, "floor: parse", { atLeast: 0.7 }),
  rate(bulk, durable, "floor: parse", { atLeast: 0.95 }),
  acrossShards("put-records-1k-1000-shards", 1.25),
  acrossShards("put-records-1k-10000-shards", 1.8),
  againstPlain(one, "h2c", "recordsPerSecond", { atLeast: 0.6 }),
  againstPlain(one, "sigv4", "cpuSecondsPerMillion", { atMost: 1.3 }),
  rate(reads, durable, "floor: drain", { atLeast: 0.5 }),
  rate(reads, memory, "floor: drain", { atLeast: 0.5 }),
  // Without a bound: no change is to make them worse.
  cpu(bulk, durable, "floor: parse"),
  rate(bulk, durable, "floor: answer"),
  rate(bulk, memory, "floor: parse"),
  cpu(bulk, memory, "floor: parse"),
  againstPlain(bulk, "sigv4", "mainCpuSecondsPerMillion"),
  againstPlain(bulk, "limits", "cpuSecondsPerMillion"),
  rate(bulk, durable, "kinesalite"),
  cpu(bulk, durable, "kinesalite"),
  rate(one, durable, "kinesalite"),
  rate(bulk, durable, "kinesis-local"),
  rate(bulk, durable, "moto"),
  rate(bulk, durable, "ferrokinesis"),
];

type Bound = Pick<Goal, "atLeast" | "atMost">;

function rate(scenario: string, server: string, other: string, bound: Bound = {}): Goal {
  const at = (name: string): Place => ({ scenario, server: name, figure: "recordsPerSecond" });
  return { name: `${scenario}: rate of ${server} / ${other}`, of: at(server), over: at(other), ...bound };
}

function cpu(scenario: string, server: string, other: string, bound: Bound = {}): Goal {
  const at = (name: string): Place => ({ scenario, server: name, figure: "cpuSecondsPerMillion" });
  return { name: `${scenario}: CPU of ${server} / ${other}`, of: at(server), over: at(other), ...bound };
}

function acrossShards(scenario: string, atMost: number): Goal {
  const at = (name: string): Place => ({ scenario: name, server: durable, figure: "cpuSecondsPerMillion" });
  return { name: `${scenario}: CPU of ${durable} / 4 shards`, of: at(scenario), over: at(bulk), atMost };
}

function againstPlain(scenario: string, variant: string, figure: Figure, bound: Bound = {}): Goal {
  const at = (server: string): Place => ({ scenario, server, figure });
  const name = `${scenario}: ${figureNames[figure]} of ${durable} with ${variant} / without`;
  return { name, of: at(`${durable} ${variant}`), over: at(durable), ...bound };
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
