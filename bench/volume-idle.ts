/** The cost of idle shards: memory, and time at the start. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { serveDirectory } from "./contestants.ts";
import { residentMiB } from "./process-figures.ts";
import { median } from "./report.ts";
import { createStreams, pause, streamNames } from "./volume-load.ts";
import type { Figure } from "./volume-report.ts";

const shardCount = 10_000;
const shardsPerStream = 1_000;
const rounds = 7;
const idleMs = 1_000;
const kilobyte = 1_000;

export async function measureIdle({ directory }: { readonly directory: string }): Promise<readonly Figure[]> {
  const full = join(directory, "idle");
  const single = join(directory, "single");
  const empty = join(directory, "none");
  await make(full, shardCount / shardsPerStream, shardsPerStream);
  await make(single, 1, 1);
  await make(empty, 0, 0);
  const starts: Start[] = [];
  const singleStarts: Start[] = [];
  const bareStarts: Start[] = [];
  for (let round = 0; round < rounds; round++) {
    bareStarts.push(await start(empty));
    singleStarts.push(await start(single));
    starts.push(await start(full));
  }
  rmSync(full, { recursive: true });
  const readyMs = median(starts.map((one) => one.readyMs));
  const bareMs = median(bareStarts.map((one) => one.readyMs));
  // What a server with any stream at all has used once, such as the code of a read, is no shard's.
  const grownMiB = median(starts.map((one) => one.mebibytes)) - median(singleStarts.map((one) => one.mebibytes));
  return [
    {
      name: "10,000 idle shards: each takes",
      value: (grownMiB * 1024 * 1024) / (shardCount - 1) / kilobyte,
      unit: "KB",
      goal: 2,
    },
    { name: "start with none", value: bareMs, unit: "ms" },
    { name: "start, with 10,000 / with none", value: readyMs / bareMs, unit: "", goal: 2 },
  ];
}

async function make(data: string, streams: number, shardsOfEach: number): Promise<void> {
  const server = await serveDirectory(data);
  await createStreams(server.port, streamNames(streams), shardsOfEach);
  await server.stop();
}

interface Start {
  readonly readyMs: number;
  readonly mebibytes: number;
}

async function start(data: string): Promise<Start> {
  const server = await serveDirectory(data);
  await pause(idleMs);
  const mebibytes = residentMiB(server.pid);
  await server.stop();
  return { readyMs: server.readyMs, mebibytes };
}
