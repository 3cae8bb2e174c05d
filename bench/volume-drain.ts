/** Old data of one shard among many, from the disk and from memory. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { serveDirectory } from "./contestants.ts";
import { cpuSeconds } from "./process-figures.ts";
import { median } from "./report.ts";
import type { RunningServer } from "./server-process.ts";
import { createStreams, drain, recordBytes, settle, streamNames, Writer } from "./volume-load.ts";
import { type Figure, progress } from "./volume-report.ts";

const shardCount = 1_000;
const shardsPerRound = 40;
const rounds = 9;
const pageRecords = 500;
/** The share of a shard's records that are surely in segments: the rest may still be in the WAL. */
const oldShare = 0.75;

export async function measureDrain({ directory, bytes }: { readonly directory: string; readonly bytes: number }) {
  const [streamName = ""] = streamNames(1);
  const pages = Math.max(1, Math.floor(((bytes / recordBytes / shardCount) * oldShare) / pageRecords));
  const data = join(directory, "drained");
  const servers = [await serveDirectory(data), await serveDirectory(join(directory, "memory"), inMemory(bytes))];
  const writer = new Writer([streamName]);
  for (const server of servers) {
    await createStreams(server.port, [streamName], shardCount);
    await writer.put(server.port, bytes / recordBytes);
    await settle(server);
    progress("filled to be drained");
  }
  const [disk, memory] = servers.map((server) => ({ server, rates: [] as number[], cpu: [] as number[] }));
  if (disk === undefined || memory === undefined) throw new Error("there are two servers");
  for (let round = 0; round < rounds; round++) {
    // Shards that were not read before, so that nothing of them is in the system's cache.
    const shards = Array.from({ length: shardsPerRound }, (_, index) => round * shardsPerRound + index);
    for (const { server, rates, cpu } of [disk, memory]) {
      const drained = await timed(server, () => drain(server.port, { streamName, shards, limit: pageRecords, pages }));
      rates.push(drained.records / drained.seconds);
      cpu.push((drained.cpu / drained.records) * 1e6);
    }
  }
  for (const server of servers) await server.stop();
  rmSync(data, { recursive: true });
  const [diskRate, memoryRate] = [median(disk.rates), median(memory.rates)];
  const figures: readonly Figure[] = [
    { name: "drain one of 1,000 shards, from disk", value: diskRate, unit: "records/s" },
    { name: "from memory", value: memoryRate, unit: "records/s" },
    { name: "rate, disk / memory", value: diskRate / memoryRate, unit: "", goal: 0.6, isFloor: true },
    { name: "CPU, disk / memory", value: median(disk.cpu) / median(memory.cpu), unit: "" },
  ];
  return figures;
}

function inMemory(bytes: number): readonly string[] {
  return ["--engine", "memory", "--memory-budget", `${Math.ceil((bytes * 2) / 1024 ** 3)}GiB`];
}

async function timed<Result>(server: RunningServer, run: () => Promise<Result>): Promise<Result & { cpu: number }> {
  const before = cpuSeconds(server.pid);
  const result = await run();
  return { ...result, cpu: cpuSeconds(server.pid) - before };
}
