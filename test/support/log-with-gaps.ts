import type { ShardLog, ShardRef } from "../../src/engine/shard-log.ts";
import { logWith } from "./log-with.ts";

/** Positions from one record to the next. */
const stride = 4096n;

/** A log whose positions have gaps, as those of the jetstream engine, made of one without. For entries of one record. */
export function logWithGaps(log: ShardLog): ShardLog {
  return logWith(log, {
    async appendBatch(batch) {
      return (await log.appendBatch(batch)).map((position) => position * stride);
    },
    async read(ref: ShardRef, from, limit) {
      const { entries, next, tip, ...rest } = await log.read(ref, (from + stride - 1n) / stride, limit);
      const spread = entries.map((entry) => ({ ...entry, position: entry.position * stride }));
      return { ...rest, entries: spread, next: behindRecordBefore(next), tip: behindRecordBefore(tip) };
    },
    seek: async (ref, target) => behindRecordBefore(await log.seek(ref, target)),
  });
}

function behindRecordBefore(position: bigint): bigint {
  return position === 1n ? 1n : (position - 1n) * stride + 1n;
}
