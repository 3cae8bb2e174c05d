/** Stores what a reading scenario reads, and as much behind it as it takes to move that to where it shall be read from. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Job } from "./load.ts";
import type { ReadFrom } from "./scenarios.ts";
import { type StreamCaller, streamName } from "./steps.ts";

const mebibyte = 1024 * 1024;
const recordsPerRequest = 500;
const recordCount = 20_000;
/** A slow server gets as far as it comes in this time. */
const msMax = 2_500;
/**
 * The newest 64 MiB of the log are in memory, and files of 64 MiB are sealed once another 64 MiB stand behind them: so
 * this much leaves the records out of memory and in the log, or has them sealed.
 */
const bytesBehind: Readonly<Record<ReadFrom, number>> = { tail: 0, log: 80 * mebibyte, segments: 200 * mebibyte };
const sealMsMax = 10_000;

export async function fillLog(caller: StreamCaller, { scenario, dataDirectory }: Job): Promise<void> {
  const { readFrom = "tail", recordBytes } = scenario;
  const deadline = performance.now() + msMax;
  const records = caller.putter({ recordBytes, recordsPerRequest }, streamName);
  for (let stored = 0; stored < recordCount && performance.now() < deadline; ) stored += (await records.run()).moved;
  if (bytesBehind[readFrom] === 0) return;
  await caller.createStream("filler", 1);
  const filler = caller.putter({ recordBytes: 10 * 1024, recordsPerRequest: 100 }, "filler");
  for (let bytes = 0; bytes < bytesBehind[readFrom]; ) bytes += (await filler.run()).moved * 10 * 1024;
  if (readFrom === "segments" && dataDirectory !== undefined) await sealed(dataDirectory, recordCount * recordBytes);
}

/** Waits until segments hold that many bytes. */
async function sealed(dataDirectory: string, bytes: number): Promise<void> {
  const directory = join(dataDirectory, "segments");
  const deadline = performance.now() + sealMsMax;
  const segmentBytes = () =>
    readdirSync(directory).reduce((sum, file) => sum + statSync(join(directory, file)).size, 0);
  while (segmentBytes() < bytes) {
    if (performance.now() > deadline) throw new Error(`nothing was sealed within ${sealMsMax} ms`);
    await pause(20);
  }
}
