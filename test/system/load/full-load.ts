/** Puts as fast as a server takes them, with reads of old records in between, while retention gives everything back. */
import { residentMiB } from "../../../bench/process-figures.ts";
import { createStreams, drain, streamNames, Writer } from "../../../bench/volume-load.ts";

/** Two rounds live, the one before them has expired: a stream keeps its records for 24 hours. */
const roundMs = 13 * 3_600_000;
const drainedShards = 8;
const sampleMs = 250;

export interface LoadedServer {
  readonly pid: number;
  /** Port of a server that was started with `--dev`. */
  readonly port: number;
}

export interface FullLoad {
  readonly records: number;
  readonly readRecords: number;
  /** Resident memory, in the order of time, a few times a second and after each round; the first of them with the log half full. */
  readonly residentMiB: readonly number[];
}

export interface LoadOptions {
  /** Shards of the one stream that everything is put into. */
  readonly shards: number;
  /** What is put between two moves of the clock. */
  readonly recordsPerRound: number;
  /** Asked before each round, with how many were done and after how many milliseconds. */
  readonly goesOn: (rounds: number, elapsedMs: number) => boolean;
  /** Told after each round. */
  readonly onRound?: (soFar: FullLoad) => void;
}

export async function loadFully(
  { pid, port }: LoadedServer,
  { shards, recordsPerRound, goesOn, onRound }: LoadOptions,
): Promise<FullLoad> {
  const names = streamNames(1);
  await createStreams(port, names, shards);
  const writer = new Writer(names);
  let records = (await writer.put(port, recordsPerRound)).records;
  let readRecords = 0;
  const samples: number[] = [];
  const sampling = setInterval(() => samples.push(residentMiB(pid)), sampleMs);
  try {
    const startedMs = performance.now();
    for (let rounds = 0; goesOn(rounds, performance.now() - startedMs); rounds++) {
      records += (await writer.put(port, recordsPerRound)).records;
      const read = { streamName: names[0] ?? "", shards: firstShards(Math.min(shards, drainedShards)) };
      readRecords += (await drain(port, { ...read, limit: 10_000, pages: 3 })).records;
      await moveClock(port, roundMs);
      samples.push(residentMiB(pid));
      onRound?.({ records, readRecords, residentMiB: samples });
    }
  } finally {
    clearInterval(sampling);
  }
  return { records, readRecords, residentMiB: samples };
}

/** How much more memory was resident at most in the second half than in the first: at most 1 when it stays flat. */
export function growthOf(samples: readonly number[]): number {
  const middle = Math.floor(samples.length / 2);
  return Math.max(...samples.slice(middle)) / Math.max(...samples.slice(0, middle));
}

function firstShards(count: number): readonly number[] {
  return Array.from({ length: count }, (_, shard) => shard);
}

async function moveClock(port: number, advanceMs: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/dev/clock`, {
    method: "POST",
    body: JSON.stringify({ advanceMs }),
  });
  if (!response.ok) throw new Error(`the clock could not be moved: ${await response.text()}`);
}
