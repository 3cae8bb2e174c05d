import { totalmem } from "node:os";

const defaultBytesMax = 2 * 1024 ** 3;
/** The rest is for the heap, bodies in flight, responses, and the program itself. */
const partOfMemory = 0.4;

/**
 * The memory budget of a server that was given none: 2 GiB, or less on a small machine and in a container with a memory
 * limit, where stored records would otherwise end the process before the budget throttles puts.
 */
export function defaultMemoryBudgetBytes(memoryBytes: number = availableToProcessBytes()): number {
  return Math.min(defaultBytesMax, Math.floor(memoryBytes * partOfMemory));
}

/** The machine's memory, or the limit of the process's control group where that is less. */
function availableToProcessBytes(): number {
  // 0: no limit is known. Without a limit it may be more than the machine has.
  const constrainedBytes = process.constrainedMemory();
  return constrainedBytes > 0 ? Math.min(constrainedBytes, totalmem()) : totalmem();
}
