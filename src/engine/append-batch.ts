import assert from "node:assert/strict";
import type { Append, AppendBatch, AppendOutcome } from "./shard-log.ts";

const rowMax = 0xffff;

/** Copies entries into columns. */
export function toAppendBatch(appends: readonly Append[], settingsEpoch = 0): AppendBatch {
  const fits = appends.length <= rowMax && appends.every(({ entry }) => entry.count <= rowMax);
  assert(fits, "16 bits number the entries of a call, and the records of an entry");
  const bodyBytes = Uint32Array.from(appends, ({ entry }) => entry.body.byteLength);
  const bodyStarts = new Uint32Array(appends.length);
  const bytes = new Uint8Array(bodyBytes.reduce((sum, length) => sum + length, 0));
  let end = 0;
  for (const [index, { entry }] of appends.entries()) {
    bodyStarts[index] = end;
    bytes.set(entry.body, end);
    end += entry.body.byteLength;
  }
  return {
    count: appends.length,
    shards: appends.map(({ shard }) => shard),
    shardOf: Uint16Array.from(appends, (_, index) => index),
    recordCounts: Uint16Array.from(appends, ({ entry }) => entry.count),
    timesMs: Float64Array.from(appends, ({ entry }) => entry.timeMs),
    bytes,
    bodyStarts,
    bodyBytes,
    settingsEpoch,
  };
}

/** Converts the result of `appendBatch()` to that of `append()`. */
export function toAppendOutcomes(positions: BigUint64Array): readonly AppendOutcome[] {
  return Array.from(positions, (position): AppendOutcome => {
    return position === 0n ? { kind: "fenced" } : { kind: "stored", position };
  });
}
