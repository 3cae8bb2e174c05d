import { readFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { openFileCountMax } from "../../config/process-limits.ts";
import { type Finding, ok, warn } from "./finding.ts";

/** A connection, a WAL file and a segment take one each. */
const openFilesMin = 4_096;
const backlogMin = 1_024;
const memoryBytesMin = 512 * 2 ** 20;
/** The Node that the project is measured with; an older one works. */
const nodeMajor = 26;

/** Limits of the machine or container that this command runs in. What the system does not tell is left out. */
export function checkMachine(): readonly Finding[] {
  const checks = [checkNode(), checkMemory(), checkOpenFiles(), checkBacklog()];
  return checks.filter((finding) => finding !== undefined);
}

function checkNode(): Finding {
  const major = Number(process.versions.node.split(".")[0]);
  const text = `Node ${process.versions.node}, ${availableParallelism()} cores`;
  return major >= nodeMajor ? ok("node", text) : warn("node", text, `Node ${nodeMajor} is faster; see docs/benchmarks`);
}

function checkMemory(): Finding {
  const limit = process.constrainedMemory();
  const isLimited = limit > 0 && limit < totalmem();
  const bytes = isLimited ? limit : totalmem();
  const text = `${(bytes / 2 ** 30).toFixed(1)} GiB${isLimited ? ", the limit of the container" : ""}`;
  if (bytes < memoryBytesMin) return warn("memory", text, "give it at least 512 MiB");
  return ok("memory", text);
}

function checkOpenFiles(): Finding | undefined {
  const countMax = openFileCountMax();
  if (countMax === undefined) return undefined;
  const text = `${Number.isFinite(countMax) ? countMax : "unlimited"} open files`;
  if (countMax >= openFilesMin) return ok("open files", text);
  return warn("open files", text, `ulimit -n ${openFilesMin}, or LimitNOFILE= of the systemd unit`);
}

function checkBacklog(): Finding | undefined {
  const backlog = Number(read("/proc/sys/net/core/somaxconn"));
  if (backlog === 0) return undefined;
  if (backlog >= backlogMin) return ok("connections", `${backlog} may wait to be accepted`);
  return warn("connections", `only ${backlog} may wait to be accepted`, `sysctl net.core.somaxconn=${backlogMin}`);
}

/** Empty where there is no such file. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
