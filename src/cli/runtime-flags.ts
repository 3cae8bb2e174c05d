import { setFlagsFromString } from "node:v8";

// V8's defaults do not suit a server with large buffers and a small heap. docs/decisions/18-runtime-flags.md has the
// measurements and the rules.

/** Flags that V8 reads only when it makes its heap. */
const startFlags = [
  // Does not mark the heap before it and its buffers reach 96 MB; takes no memory until it is used.
  "--initial-old-space-size=96",
  // Bounds the young generation to three times 8 MiB; a larger one is no faster.
  "--max-semi-space-size=8",
] as const;

/** Flags that act also after V8 has started. */
const lateFlags = [
  // Counts the memory of buffers against the limit of the whole heap. By default V8 marks the heap whenever buffers have
  // grown by 64 MiB, which the memory engine does several times a second.
  "--external-memory-accounted-in-global-limit",
  // Allocates short-lived objects in the young generation always. By default V8 takes the pages of records for long-lived,
  // allocates them in the old generation, and the process grows until the next full collection.
  "--no-allocation-site-pretenuring",
] as const;

/** Threads of libuv, which writes and reads of files share: two writes, reads and compaction do not wait for each other. */
export const threadPoolSize = 8;

/**
 * Applies to the whole process. Call it before the first asynchronous file operation, because libuv reads the size of its
 * thread pool once; a size that the user has set stays.
 */
export function applyRuntimeFlags(environment: NodeJS.ProcessEnv): void {
  environment["UV_THREADPOOL_SIZE"] ??= String(threadPoolSize);
  for (const flag of lateFlags) setFlagsFromString(flag);
}

/**
 * Replaces this process, under the same process id, by one with the flags of V8's start, unless it has them, the user has
 * set others, or it is profiled. Does nothing where the system cannot replace a process (Windows).
 */
export function restartWithStartFlags(environment: NodeJS.ProcessEnv): void {
  const given = [...process.execArgv, ...(environment["NODE_OPTIONS"] ?? "").split(" ")];
  const missing = startFlags.filter((flag) => {
    const [name = ""] = flag.split("=");
    return !given.some((text) => text.replaceAll("_", "-").startsWith(name));
  });
  // The timer of V8's profiler outlives the replacement and would end the new process.
  if (given.some((text) => text.startsWith("--cpu-prof") || text === "--prof")) return;
  if (missing.length === 0 || process.platform === "win32" || process.execve === undefined) return;
  const args = [process.execPath, ...process.execArgv, ...missing, ...process.argv.slice(1)];
  process.execve(process.execPath, args, environment);
}
