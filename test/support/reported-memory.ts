import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { pathToFileURL } from "node:url";

const reporter = pathToFileURL(join(import.meta.dirname, "report-memory.ts")).href;
const pollMs = 20;
const pollsMax = 3_000;

/** The environment of a server that reports its memory in the file `path`. */
export function memoryReporting(path: string): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--import=${reporter}`, MEMORY_REPORT_FILE: path };
}

/** The memory of a server that was started with `memoryReporting(path)`, after two full garbage collections. */
export async function reportedMemory(pid: number, path: string): Promise<NodeJS.MemoryUsage> {
  rmSync(path, { force: true });
  process.kill(pid, "SIGUSR2");
  for (let polls = 0; !existsSync(path); polls++) {
    if (polls === pollsMax) throw new Error("the server does not report its memory");
    await wait(pollMs);
  }
  return JSON.parse(readFileSync(path, "utf8")) as NodeJS.MemoryUsage;
}
