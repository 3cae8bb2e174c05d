import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
export const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes of heap and array buffers that are still reachable after `work`, over those before it. */
export function retainedBytes(work: () => void): number {
  const before = usedBytes();
  work();
  return usedBytes() - before;
}

function usedBytes(): number {
  // Memory of array buffers is freed by a thread of V8 after a collection; the next collection waits for it.
  collectGarbage();
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
