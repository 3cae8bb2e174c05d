import { randomBytes } from "node:crypto";
import type { Kinesis } from "@aws-sdk/client-kinesis";
import type { Command } from "commander";
import type { Connection, ConnectionOptions } from "../client/connection.ts";
import { waitUntilActive } from "../client/wait-for-stream.ts";
import { CommandError, exitCodes } from "../output/command-error.ts";
import { formatOf, type OutputOptions, printObject } from "../output/print-rows.ts";
import { startProgress } from "../output/progress.ts";
import { addConnectionOptions, addFormatOptions, defineCommand, runConnected, wholeNumber } from "./define-command.ts";

interface BenchOptions extends ConnectionOptions, OutputOptions {
  readonly seconds: number;
  readonly size: number;
  readonly batch: number;
  readonly requests: number;
  readonly shards: number;
  readonly records?: number;
  readonly yes?: boolean;
}

export function benchCommand(): Command {
  const command = defineCommand({
    name: "bench [stream]",
    summary: "measure how fast records are stored",
    description:
      "Puts records for some seconds, and prints rates and latencies as a client sees them; " +
      "the client takes processor time from a server beside it. " +
      "Without STREAM it makes one, and deletes it. On Amazon Kinesis it costs money and needs --yes.",
    arguments: { stream: "a stream to fill (a new one)" },
    examples: ["millrace bench", "millrace bench orders --seconds 30 --size 200 --batch 1 --requests 64 --json"],
  })
    .option("--seconds <count>", "how long to put", wholeNumber(1, 3_600), 5)
    .option("--records <count>", "end after this many records", wholeNumber(1, 1_000_000_000))
    .option("--size <bytes>", "bytes of a record, random ones", wholeNumber(1, 10_485_760), 1_024)
    .option("--batch <count>", "records of a request", wholeNumber(1, 500), 100)
    .option("--requests <count>", "requests at once", wholeNumber(1, 256), 8)
    .option("--shards <count>", "shards of the new stream", wholeNumber(1, 1_000), 4)
    .option("-y, --yes", "also on Amazon Kinesis");
  addConnectionOptions(addFormatOptions(command));
  return runConnected<BenchOptions>(command, (connection, [stream], options) => bench(connection, stream, options));
}

async function bench(connection: Connection, given: string | undefined, options: BenchOptions): Promise<number> {
  const { kinesis, isAws, place } = connection;
  const format = formatOf(options);
  if (isAws && options.yes !== true) {
    throw new CommandError(`this puts records as fast as it can into ${place}, which costs money; add --yes`);
  }
  const stream = given ?? `millrace-bench-${randomBytes(4).toString("hex")}`;
  const remove = given === undefined ? await makeStream(kinesis, stream, options.shards) : () => Promise.resolve();
  try {
    const result = await measure(kinesis, stream, options);
    await printObject({ endpoint: place, stream, ...result }, format);
    return result.failed === 0 ? exitCodes.done : exitCodes.partly;
  } finally {
    await remove();
  }
}

/** Returns what deletes the stream; Ctrl-C deletes it too. */
async function makeStream(kinesis: Kinesis, stream: string, shards: number): Promise<() => Promise<void>> {
  await kinesis.createStream({ StreamName: stream, ShardCount: shards });
  const remove = async (): Promise<void> => {
    await kinesis.deleteStream({ StreamName: stream });
  };
  const onSignal = (): void => {
    void remove().finally(() => process.exit(130));
  };
  process.once("SIGINT", onSignal);
  await waitUntilActive(kinesis, stream);
  return async () => {
    process.off("SIGINT", onSignal);
    await remove();
  };
}

interface BenchResult {
  readonly records: number;
  /** Records that were refused; they are not put again. */
  readonly failed: number;
  readonly seconds: number;
  readonly recordsPerSecond: number;
  readonly megabytesPerSecond: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

async function measure(kinesis: Kinesis, stream: string, options: BenchOptions): Promise<BenchResult> {
  const { seconds, size, batch, requests, records: recordsMax = Number.POSITIVE_INFINITY } = options;
  // Random, so that a server that compresses stores as much as it is sent.
  const pool = randomBytes(size + 4_096);
  const latenciesMs: number[] = [];
  let [begun, stored, failed] = [0, 0, 0];
  const progress = startProgress((elapsed) => `${stored} stored in ${elapsed.toFixed(1)} s`);
  const startMs = performance.now();
  const endMs = startMs + seconds * 1_000;
  const worker = async (): Promise<void> => {
    while (performance.now() < endMs && begun < recordsMax) {
      const count = Math.min(batch, recordsMax - begun);
      const Records = Array.from({ length: count }, (_, index) => {
        const at = ((begun + index) * 7) % 4_096;
        return { PartitionKey: String(begun + index), Data: pool.subarray(at, at + size) };
      });
      begun += count;
      const sentMs = performance.now();
      const { FailedRecordCount = 0 } = await kinesis.putRecords({ StreamName: stream, Records });
      latenciesMs.push(performance.now() - sentMs);
      failed += FailedRecordCount;
      stored += count - FailedRecordCount;
      progress.update();
    }
  };
  await Promise.all(Array.from({ length: requests }, worker));
  const elapsed = (performance.now() - startMs) / 1_000;
  progress.end();
  return benchResult({ stored, failed, size, elapsed, latenciesMs });
}

interface Measured {
  readonly stored: number;
  readonly failed: number;
  readonly size: number;
  /** Seconds. */
  readonly elapsed: number;
  readonly latenciesMs: readonly number[];
}

function benchResult({ stored, failed, size, elapsed, latenciesMs }: Measured): BenchResult {
  const sorted = Float64Array.from(latenciesMs).sort();
  const quantile = (part: number): number => rounded(sorted[Math.floor((sorted.length - 1) * part)] ?? 0);
  return {
    records: stored,
    failed,
    seconds: rounded(elapsed),
    recordsPerSecond: Math.round(stored / elapsed),
    megabytesPerSecond: rounded((stored * size) / elapsed / 1e6),
    requestsPerSecond: Math.round(latenciesMs.length / elapsed),
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    maxMs: quantile(1),
  };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
