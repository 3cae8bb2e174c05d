/** What the kernel says a process has used. Linux only: elsewhere every figure is NaN and is printed as a dash. */
import { readdirSync, readFileSync } from "node:fs";

// USER_HZ: fixed at 100 on every architecture that Linux supports, whatever the kernel's own tick.
const ticksPerSecond = 100;

export interface ProcessMetrics {
  /** User plus system time of every thread, in seconds. */
  readonly cpuSeconds: number;
  readonly mainThreadCpuSeconds: number;
  /** What was handed to the storage layer, through the page cache or past it. */
  readonly writtenBytes: number;
}

export function processFigures(pid: number): ProcessMetrics {
  return {
    cpuSeconds: cpuSeconds(pid),
    mainThreadCpuSeconds: secondsOf(readProc(pid, `task/${pid}/stat`)),
    writtenBytes: Number(/^write_bytes: (\d+)$/m.exec(readProc(pid, "io"))?.[1] ?? Number.NaN),
  };
}

/** User plus system time of every thread of the process, in seconds. */
export function cpuSeconds(pid: number): number {
  return secondsOf(readProc(pid, "stat"));
}

/** User plus system time by the name of threads, in seconds. */
export function threadCpuSeconds(pid: number): ReadonlyMap<string, number> {
  const seconds = new Map<string, number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const name = readProc(pid, `task/${thread}/comm`).trim();
    seconds.set(name, (seconds.get(name) ?? 0) + secondsOf(readProc(pid, `task/${thread}/stat`)));
  }
  return seconds;
}

function secondsOf(stat: string): number {
  // The command name, in parentheses, may itself contain spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11] ?? Number.NaN) + Number(fields[12] ?? Number.NaN)) / ticksPerSecond;
}

/** Resident memory, in MiB. */
export function residentMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readProc(pid, "status"))?.[1] ?? Number.NaN) / 1024;
}

/** The most that was ever resident, in MiB. */
export function peakResidentMiB(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readProc(pid, "status"))?.[1] ?? Number.NaN) / 1024;
}

/** What the process has had written to disks, in bytes. */
export function writtenBytes(pid: number): number {
  return Number(/^write_bytes: (\d+)$/m.exec(readProc(pid, "io"))?.[1] ?? Number.NaN);
}

function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch {
    return "";
  }
}
