import type { StartAt } from "./reader.ts";

/** Where the list begins, as the address has it. */
export type StartChoice = "live" | "1m" | "10m" | "1h" | "oldest" | "time" | "sequence";

export const startNames: Readonly<Record<StartChoice, string>> = {
  live: "Live: from now on",
  "1m": "Last minute",
  "10m": "Last 10 minutes",
  "1h": "Last hour",
  oldest: "Oldest kept",
  time: "A time…",
  sequence: "A sequence number…",
};

const minutes: Readonly<Partial<Record<StartChoice, number>>> = { live: 0, "1m": 1, "10m": 10, "1h": 60 };

export interface StartQuery {
  readonly choice: StartChoice;
  /** ISO time of `time`. */
  readonly at?: string;
  /** Shard and number of `sequence`. */
  readonly shardId?: string;
  readonly sequenceNumber?: string;
}

export function startFromQuery(query: Readonly<Record<string, string>>): StartQuery {
  const { start, at, shard, seq } = query;
  if (seq !== undefined && shard !== undefined) return { choice: "sequence", shardId: shard, sequenceNumber: seq };
  if (at !== undefined && !Number.isNaN(Date.parse(at))) return { choice: "time", at };
  const known = start !== undefined && Object.hasOwn(startNames, start) ? (start as StartChoice) : "10m";
  return { choice: known === "time" || known === "sequence" ? "10m" : known };
}

/** Undefined when something is missing yet. */
export function startAt({ choice, at, shardId, sequenceNumber }: StartQuery, nowMs: number): StartAt | undefined {
  switch (choice) {
    case "oldest":
      return { kind: "oldest" };
    case "time":
      return at === undefined ? undefined : { kind: "time", timeMs: Date.parse(at) };
    case "sequence":
      return shardId === undefined || sequenceNumber === undefined
        ? undefined
        : { kind: "sequence", shardId, sequenceNumber };
    default:
      return { kind: "time", timeMs: nowMs - (minutes[choice] ?? 0) * 60_000 };
  }
}
