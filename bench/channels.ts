/**
 * What a channel costs the puts beside it, and what it delivers, with a real store on the same machine:
 *   npm run bench:channels -- [--compression ZSTD] [--seconds 20] [--rate 100] [--backlog] [--table]
 * Puts records of 1 KiB of JSON, 500 a call, at a rate in MiB/s (0: as fast as they are stored), first without a channel, then
 * with one. Prints the rate of both, how old the oldest record that waits was, and the memory of the server.
 * `--backlog`: the store stands still during the puts; prints how fast the records are delivered afterwards, with nothing else
 * running, and the CPU time of each thread of the server and of the store for each MiB of data.
 * `--table`: puts rows of ten columns, some 170 bytes of JSON each, and delivers them into an Iceberg table.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { activeStreamArn } from "../test/support/kinesis-call.ts";
import { KinesisConnection } from "../test/support/kinesis-connection.ts";
import { SeaweedServer, tableBucketArn } from "../test/support/seaweed-server.ts";
import { ServerProcess } from "../test/support/start-server.ts";
import { cpuSeconds, residentMiB, threadCpuSeconds } from "./process-figures.ts";

const { values: flags } = parseArgs({
  options: {
    compression: { type: "string", default: "ZSTD" },
    seconds: { type: "string", default: "20" },
    rate: { type: "string", default: "0" },
    backlog: { type: "boolean", default: false },
    table: { type: "boolean", default: false },
  },
});
const seconds = Number(flags.seconds);
const mebibyte = 2 ** 20;
const bytesPerSecondMax = Number(flags.rate) * mebibyte;
const StreamName = "clicks";
const recordsPerCall = 500;
const connectionCount = 4;
const freshnessSeconds = 5;
const recordBytes = 1024;
/** Between two looks at the metrics of the server, which take memory. */
const pollMs = 500;

/** A record as a program that counts clicks writes it: names repeat, values do not. */
function record(number: number): string {
  const click = {
    user: `user-${(number * 7919) % 100_003}`,
    page: `/shop/${number % 997}`,
    ms: (number * 31) % 1009,
    at: number,
  };
  const text = JSON.stringify({ ...click, trace: "" });
  let state = number + 1;
  let trace = "";
  while (text.length + trace.length < recordBytes) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    trace += state.toString(16);
  }
  return JSON.stringify({ ...click, trace: trace.slice(0, recordBytes - text.length) });
}

const text = { type: "string" };
const integer = { type: "integer" };
const rowSchema = {
  type: "object",
  required: ["id", "at"],
  properties: {
    ...{ id: integer, at: { type: "string", format: "date-time" }, user: text, page: text, ms: integer },
    ...{ price: { type: "number" }, isNew: { type: "boolean" }, country: text, count: integer, agent: text },
  },
};

/** A record of `rowSchema`. */
function row(number: number): string {
  return JSON.stringify({
    id: number * 7919,
    at: new Date(Date.UTC(2026, 10, 30) + number * 137).toISOString(),
    user: `user-${(number * 7919) % 100_003}`,
    page: `/shop/${number % 997}`,
    ms: (number * 31) % 1009,
    price: (number % 9973) / 100,
    isNew: number % 3 === 0,
    country: ["de", "fr", "us", "jp"][number % 4],
    count: number % 50,
    agent: `Mozilla/5.0 (${number % 13})`,
  });
}

const callBytes: number[] = [];
const bodies = Array.from({ length: 24 }, (_, call) => {
  const texts = Array.from({ length: recordsPerCall }, (_unused, i) =>
    (flags.table ? row : record)(call * recordsPerCall + i),
  );
  callBytes.push(texts.reduce((sum, { length }) => sum + length, 0));
  return texts.map((text, i) => ({
    Data: Buffer.from(text).toString("base64"),
    PartitionKey: `${call * recordsPerCall + i}`,
  }));
});

/** Puts for so many seconds. Returns the bytes of data stored per second. */
async function load(endpoint: string): Promise<number> {
  const startMs = performance.now();
  let bytes = 0;
  const put = async (first: number): Promise<void> => {
    const connection = new KinesisConnection(endpoint);
    for (let call = first; performance.now() - startMs < seconds * 1000; call += connectionCount) {
      const aheadMs = bytesPerSecondMax === 0 ? 0 : (bytes / bytesPerSecondMax) * 1000 - (performance.now() - startMs);
      if (aheadMs > 0) await pause(aheadMs);
      await connection.call("PutRecords", { StreamName, Records: bodies[call % bodies.length] });
      bytes += callBytes[call % bodies.length] ?? 0;
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: connectionCount }, (_, i) => put(i)));
  return bytes / ((performance.now() - startMs) / 1000);
}

interface Delivered {
  readonly records: number;
  /** Bytes of data, and of what is stored. */
  readonly inMiB: number;
  readonly outMiB: number;
  /** How old the oldest record is that waits, in seconds. */
  readonly age: number;
}

async function gauges(endpoint: string): Promise<Delivered> {
  const text = await (await fetch(`${endpoint}/metrics`)).text();
  const [records = 0, bytesIn = 0, bytesOut = 0, age = 0] = [
    "delivered_records_total",
    "incoming_bytes_total",
    "outgoing_bytes_total",
    "freshness_seconds",
  ].map((name) => Number(new RegExp(`^millrace_channel_${name}\\{[^}]*\\} (\\S+)`, "m").exec(text)?.[1] ?? 0));
  return { records, inMiB: bytesIn / mebibyte, outMiB: bytesOut / mebibyte, age };
}

const owner = "000000000000";
const bucket = { BucketARN: "arn:aws:s3:::lake", ExpectedBucketOwner: owner };

/** Where CreateChannel is asked to deliver to. */
function destinationOf(CompressionType: string): object {
  if (!flags.table) {
    const StorageConfiguration = { ...bucket, CompressionType };
    return { S3DestinationConfiguration: { DataFreshnessInSeconds: freshnessSeconds, StorageConfiguration } };
  }
  const table = { TableBucketARN: tableBucketArn, Namespace: "bench", CompressionType };
  return {
    S3TablesDestinationConfiguration: {
      DataFreshnessInSeconds: freshnessSeconds,
      DeadLetterQueueS3Configuration: bucket,
      S3TablesConfigurationList: [{ ...table, TableName: `clicks_${CompressionType.toLowerCase()}` }],
    },
  };
}

/** A stream, with a channel unless `compression` is undefined. */
async function prepare(endpoint: string, compression: string | undefined): Promise<void> {
  const connection = new KinesisConnection(endpoint);
  await connection.call("CreateStream", { StreamName, StreamModeDetails: { StreamMode: "ON_DEMAND" } });
  const StreamARN = await activeStreamArn(endpoint, StreamName);
  if (compression !== undefined) {
    const schema = flags.table ? { GSRSchemaARN: `arn:aws:glue:us-east-1:${owner}:schema/bench/clicks` } : {};
    await connection.call("CreateChannel", {
      ChannelName: "clicks",
      ServiceExecutionRoleARN: "arn:aws:iam::000000000000:role/r",
      StreamConfigurationList: [{ StreamARN, RecordConfiguration: { RecordFormatType: "JSON", ...schema } }],
      ...destinationOf(compression),
    });
    await pause(1_000);
  }
  connection.close();
}

async function measure(seaweed: SeaweedServer, compression: string | undefined): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  try {
    const places = join(folder, "places.json");
    await seaweed.writePlaces(places);
    mkdirSync(join(folder, "schemas", "bench"), { recursive: true });
    writeFileSync(join(folder, "schemas", "bench", "clicks.json"), JSON.stringify(rowSchema));
    await using server = await ServerProcess.start({
      args: ["--channels", places, "--log-level", "warn"],
      isBuilt: true,
    });
    const { endpoint, pid } = server;
    await prepare(endpoint, compression);
    let residentMiBMax = 0;
    let ageMax = 0;
    const watching = setInterval(() => {
      residentMiBMax = Math.max(residentMiBMax, residentMiB(pid));
      void gauges(endpoint).then(({ age }) => {
        ageMax = Math.max(ageMax, age);
      });
    }, pollMs);
    if (flags.backlog) seaweed.suspend();
    const rate = await load(endpoint);
    const residentMiBLoaded = residentMiBMax;
    const before = { ...(await gauges(endpoint)), threads: threadCpuSeconds(pid), store: cpuSeconds(seaweed.pid) };
    const loadedMs = performance.now();
    if (flags.backlog) seaweed.resume();
    while (compression !== undefined && (await gauges(endpoint)).age > 0) await pause(pollMs);
    clearInterval(watching);
    const { records, inMiB, outMiB } = await gauges(endpoint);
    const drainSeconds = (performance.now() - loadedMs) / 1000;
    console.log(
      `${(compression ?? "no channel").padEnd(10)} puts ${(rate / mebibyte).toFixed(1)} MiB/s, memory ${residentMiBLoaded.toFixed(0)} and then ${residentMiBMax.toFixed(0)} MiB, oldest record ${ageMax.toFixed(1)} s of ${freshnessSeconds} s, delivered ${inMiB.toFixed(0)} MiB as ${outMiB.toFixed(0)} MiB, all ${drainSeconds.toFixed(1)} s after the last put`,
    );
    if (flags.backlog && compression !== undefined) {
      const delivered = inMiB - before.inMiB;
      const perMiB = (seconds: number): string => `${((seconds * 1000) / delivered).toFixed(1)} ms`;
      const threads = [...threadCpuSeconds(pid)]
        .map(([name, seconds]) => [name, seconds - (before.threads.get(name) ?? 0)] as const)
        .filter(([, seconds]) => seconds >= 0.05)
        .map(([name, seconds]) => `${name} ${perMiB(seconds)}`);
      console.log(
        `  ${(delivered / drainSeconds).toFixed(1)} MiB/s of the backlog, ${((records - before.records) / drainSeconds).toFixed(0)} records/s; CPU for each MiB: ${threads.join(", ")}, store ${perMiB(cpuSeconds(seaweed.pid) - before.store)}`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await using seaweed = await SeaweedServer.start();
await seaweed.makeBucket("lake");
console.log(`node ${process.version}, ${availableParallelism()} cores, ${new Date().toISOString()}`);
for (const compression of [undefined, ...flags.compression.split(",")]) await measure(seaweed, compression);
