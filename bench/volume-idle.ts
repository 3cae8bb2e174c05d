/** What shards cost that nobody uses: memory, and time at the start. */
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
  const empty = join(directory, "none");
  const made = await serveDirectory(full);
  await createStreams(made.port, streamNames(shardCount / shardsPerStream), shardsPerStream);
  await made.stop();
  await (await serveDirectory(empty)).stop();
  const starts: Start[] = [];
  const bareStarts: Start[] = [];
  for (let round = 0; round < rounds; round++) {
    bareStarts.push(await start(empty));
    starts.push(await start(full));
  }
  rmSync(full, { recursive: true });
  const readyMs = median(starts.map((one) => one.readyMs));
  const bareMs = median(bareStarts.map((one) => one.readyMs));
  const grownMiB = median(starts.map((one) => one.mebibytes)) - median(bareStarts.map((one) => one.mebibytes));
  return [
    {
      name: "10,000 idle shards: each takes",
      value: (grownMiB * 1024 * 1024) / shardCount / kilobyte,
      unit: "KB",
      goal: 2,
    },
    { name: "start with none", value: bareMs, unit: "ms" },
    { name: "start, with 10,000 / with none", value: readyMs / bareMs, unit: "", goal: 2 },
  ];
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
