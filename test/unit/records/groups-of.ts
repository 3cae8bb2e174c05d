import type { ShardBatches } from "../../../src/records/batch-by-shard.ts";

/** What was laid out, an object per group; bodies are views. */
export function groupsOf({ slots, recordCounts, bytes, bodyStarts, bodyBytes }: ShardBatches) {
  return Array.from(slots, (slot, group) => {
    const start = bodyStarts[group] ?? 0;
    // No Buffer: its `slice` shares memory, and whoever keeps a body means to copy it.
    const body = new Uint8Array(bytes.buffer, bytes.byteOffset + start, bodyBytes[group]);
    return { slot, count: recordCounts[group], body };
  });
}
