/** One server with much in its log beside servers with empty ones. */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { serveDirectory } from "./contestants.ts";
import { syncMs, usedBytes } from "./disk-figures.ts";
import { cpuSeconds, peakResidentMiB, residentMiB, writtenBytes } from "./process-figures.ts";
import { median, quantile } from "./report.ts";
import type { RunningServer } from "./server-process.ts";
import { createStreams, firstReadMs, recordBytes, settle, streamNames, Writer } from "./volume-load.ts";
import { type Figure, progress } from "./volume-report.ts";

export interface VolumeOptions {
  readonly directory: string;
  /** Payload to fill a server with. */
  readonly bytes: number;
  readonly streams: number;
  readonly shards: number;
  readonly windows: number;
}

/**
 * As many as fill one file of the log, so that a window pays for sealing one. With what warms it up, less than a log takes
 * before any of it is sealed: an empty log stays an empty log.
 */
const windowRecords = 62_000;
const warmUpRecords = 25_000;
const restarts = 5;
const pageRecords = 10_000;
const residentSampleMs = 500;

interface Taken {
  readonly cpuPerMillion: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export async function measureVolume(options: VolumeOptions): Promise<readonly Figure[]> {
  const { directory, bytes, streams, shards, windows } = options;
  const names = streamNames(streams);
  const data = join(directory, "filled");
  const filled = await serveDirectory(data);
  await createStreams(filled.port, names, shards);
  const writer = new Writer(names);
  const sampler = new ResidentSampler(filled.pid);
  const fill = await fillUp(filled, writer, bytes);
  const taken = { filled: [] as Taken[], young: [] as Taken[], empty: [] as Taken[] };
  const young = await serveDirectory(join(directory, "young"));
  // In turn into each stream from the first one on, so that those that are read later have something.
  const youngWriter = new Writer(names);
  await createStreams(young.port, names, shards);
  for (let window = 0; window < windows; window++) {
    taken.empty.push(await inEmptyLog(directory, names, shards, writer));
    taken.filled.push(await take(filled, writer));
    taken.young.push(await take(young, youngWriter));
    progress(`window ${window + 1} of ${windows}`);
  }
  await young.stop("SIGKILL");
  await settle(filled);
  const payload = (fill.records + windows * (windowRecords + warmUpRecords)) * recordBytes;
  const residentMax = sampler.stop();
  const settledMiB = residentMiB(filled.pid);
  const peakMiB = peakResidentMiB(filled.pid);
  const written = writtenBytes(filled.pid);
  const used = usedBytes(data);
  const wal = usedBytes(join(data, "wal"));
  await filled.stop("SIGKILL");
  const syncedMs = syncMs(directory);
  const restart = await restartTimes(data, names, shards);
  const youngRestart = await restartTimes(join(directory, "young"), names, shards);
  rmSync(data, { recursive: true });
  const ofEach = (figure: (one: Taken) => number) => ({
    filled: median(taken.filled.map(figure)),
    young: median(taken.young.map(figure)),
    empty: median(taken.empty.map(figure)),
  });
  const cpu = ofEach((one) => one.cpuPerMillion);
  const p99 = ofEach((one) => one.p99Ms);
  const p50 = ofEach((one) => one.p50Ms);
  const title = `${(payload / 1e9).toFixed(1)} GB in ${streams} stream${streams === 1 ? "" : "s"}, ${streams * shards} shards`;
  const walGigabytes = wal / 1e9;
  return [
    { name: `${title}: filled at`, value: fill.records / fill.seconds, unit: "records/s" },
    { name: "CPU of the fill, sealing included", value: (fill.cpu / fill.records) * 1e6, unit: "s/M records" },
    { name: "put CPU in an empty log", value: cpu.empty, unit: "s/M records" },
    { name: "put CPU, filled / empty", value: cpu.filled / cpu.empty, unit: "", goal: 1.15 },
    { name: "put CPU, filled / one that seals as much", value: cpu.filled / cpu.young, unit: "" },
    { name: "put p50, filled / empty", value: p50.filled / p50.empty, unit: "" },
    { name: "put p99 in an empty log", value: p99.empty, unit: "ms" },
    { name: "put p99, filled / empty", value: p99.filled / p99.empty, unit: "", goal: 2 },
    { name: "put p99, filled / one that seals as much", value: p99.filled / p99.young, unit: "" },
    { name: "RSS, most of samples under load", value: mb(residentMax), unit: "MB", goal: 300 },
    { name: "RSS, highest ever", value: mb(peakMiB), unit: "MB" },
    { name: "RSS when settled", value: mb(settledMiB), unit: "MB" },
    { name: "written / payload", value: written / payload, unit: "", goal: 2.3 },
    { name: "disk used / payload", value: used / payload, unit: "", goal: 1.15 },
    { name: "log to recover", value: walGigabytes, unit: "GB" },
    { name: "restart after kill -9", value: restart.readyMs, unit: "ms" },
    {
      name: "restart / (10 x node -e 0 + 1.5 s/GB of log)",
      value: restart.readyMs / (10 * restart.nodeMs + 1500 * walGigabytes),
      unit: "",
      goal: 1,
    },
    { name: "fdatasync of this disk", value: syncedMs, unit: "ms" },
    { name: "first record after restart, iterator included", value: restart.firstMs, unit: "ms" },
    { name: "first record / fdatasync", value: restart.firstMs / syncedMs, unit: "", goal: 50 },
    { name: "first record, filled / one that is young", value: restart.firstMs / youngRestart.firstMs, unit: "" },
    { name: "then a page of 10,000 records, or 10 MiB", value: restart.pageMs, unit: "ms" },
  ];
}

async function fillUp(server: RunningServer, writer: Writer, bytes: number) {
  const cpuBefore = cpuSeconds(server.pid);
  let shown = 0;
  const window = await writer.put(server.port, bytes / recordBytes, (records) => {
    const gigabytes = Math.floor((records * recordBytes) / 1e9);
    if (gigabytes > shown) progress(`${gigabytes} GB`);
    shown = gigabytes;
  });
  await settle(server);
  return { ...window, cpu: cpuSeconds(server.pid) - cpuBefore };
}

/**
 * One window, and all that follows from it: what is sealed later is paid for by what was put now, and only by that. What
 * warms up is sealed before.
 */
async function take(server: RunningServer, writer: Writer): Promise<Taken> {
  await writer.put(server.port, warmUpRecords);
  await settle(server);
  const cpuBefore = cpuSeconds(server.pid);
  const { records, latenciesMs } = await writer.put(server.port, windowRecords);
  await settle(server);
  const sorted = latenciesMs.toSorted((one, other) => one - other);
  const cpu = cpuSeconds(server.pid) - cpuBefore;
  return { cpuPerMillion: (cpu / records) * 1e6, p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99) };
}

async function inEmptyLog(directory: string, names: readonly string[], shards: number, writer: Writer): Promise<Taken> {
  const data = join(directory, "empty");
  const server = await serveDirectory(data);
  try {
    await createStreams(server.port, names, shards);
    return await take(server, writer);
  } finally {
    await server.stop();
    rmSync(data, { recursive: true });
  }
}

/** Medians over some restarts; each reads records that no earlier read took into a cache. */
async function restartTimes(data: string, names: readonly string[], shards: number) {
  const readyMs: number[] = [];
  const firstMs: number[] = [];
  const pageMs: number[] = [];
  const places = names
    .slice(0, 2 * restarts + 1)
    .flatMap((streamName) =>
      Array.from({ length: Math.min(shards, 2 * restarts + 1) }, (_, shard) => ({ streamName, shard })),
    );
  const place = (index: number) => places[index % places.length] ?? { streamName: "", shard: 0 };
  const nodeMs: number[] = [];
  for (let round = 0; round < restarts; round++) {
    nodeMs.push(bareNodeMs());
    const server = await serveDirectory(data);
    readyMs.push(server.readyMs);
    firstMs.push(await firstReadMs(server.port, { ...place(2 * round + 1), limit: 1 }));
    pageMs.push(await firstReadMs(server.port, { ...place(2 * round + 2), limit: pageRecords }));
    await server.stop("SIGKILL");
  }
  return { nodeMs: median(nodeMs), readyMs: median(readyMs), firstMs: median(firstMs), pageMs: median(pageMs) };
}

function bareNodeMs(): number {
  const begin = performance.now();
  spawnSync(process.execPath, ["-e", "0"]);
  return performance.now() - begin;
}

/** Looks at a process from time to time and remembers the most it had, in MiB. */
class ResidentSampler {
  readonly #timer: NodeJS.Timeout;
  #most = 0;

  constructor(pid: number) {
    this.#timer = setInterval(() => {
      this.#most = Math.max(this.#most, residentMiB(pid));
    }, residentSampleMs);
  }

  stop(): number {
    clearInterval(this.#timer);
    return this.#most;
  }
}

function mb(mebibytes: number): number {
  return (mebibytes * 1024 * 1024) / 1e6;
}
