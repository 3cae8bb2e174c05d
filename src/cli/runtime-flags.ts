import { setFlagsFromString } from "node:v8";

// V8's defaults do not suit a server with large buffers and a small heap. docs/decisions/18-runtime-flags.md has the
// measurements and the rules.

/** Both act also after V8 has started. */
const heapFlags = [
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
  for (const flag of heapFlags) setFlagsFromString(flag);
}
