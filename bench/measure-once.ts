import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Turn } from "./choose.ts";
import { measureDiskSync } from "./disk-sync.ts";
import type { Job, Measurement } from "./load.ts";
import type { Measured } from "./report.ts";

const loadSecondsMax = 30;

/** One measurement, by a load process of its own, of a server that is started for it and stopped after it. */
export async function measureOnce(
  { contestant, scenario }: Omit<Turn, "round">,
  seconds: number,
  nodeFlags: readonly string[] = [],
): Promise<Measured> {
  const server = await contestant.start(nodeFlags);
  try {
    const isAgainstDisk = scenario.operation === "PutRecord" && scenario.connections === 1;
    const disk = isAgainstDisk ? { diskSyncMs: measureDiskSync() } : {};
    const { wire, isEncrypted } = contestant;
    const { port, pid, dataDirectory } = server;
    const directory = dataDirectory === undefined ? {} : { dataDirectory };
    return { ...(await load({ scenario, wire, isEncrypted, port, serverPid: pid, ...directory, seconds })), ...disk };
  } finally {
    await server.stop();
  }
}

async function load(job: Job): Promise<Measurement> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "load.ts"), JSON.stringify(job)], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: (loadSecondsMax + 2 * job.seconds) * 1000,
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error("did not finish");
  return JSON.parse(output) as Measurement;
}
