import type { ShardBatches } from "../../../src/records/batch-by-shard.ts";

/** An object per batch; bodies are views. */
export function batchesOf({ slots, recordCounts, bytes, bodyStarts, bodyBytes }: ShardBatches) {
  return Array.from(slots, (slot, batch) => {
    const start = bodyStarts[batch] ?? 0;
    // No Buffer, whose `slice` shares memory: tests copy bodies by it.
    const body = new Uint8Array(bytes.buffer, bytes.byteOffset + start, bodyBytes[batch]);
    return { slot, count: recordCounts[batch], body };
  });
}
