import type { Position, StoredEntry } from "../engine/shard-log.ts";
import { recordSecond } from "../streams/positions/sequence-number.ts";
import type { Shard } from "../streams/stream.ts";
import { cutRun, isKmsMarked } from "./entry-layout.ts";
import type { RecordSlice, StoredRecords } from "./stored-records.ts";

export interface PageLimit {
  readonly recordsMax: number;
  /** Data bytes, without keys. Soft for the first record, which always fits. */
  readonly bytesMax: number;
}

export interface RecordPage {
  readonly records: StoredRecords;
  /** Where to read on; `from` when the entries hold nothing at or behind it. */
  readonly next: Position;
}

/** The records from position `from` on that one answer may hold, still in their stored bytes. Cuts between records. */
export function slicePage(
  entries: readonly StoredEntry[],
  from: Position,
  limit: PageLimit,
  shard: Pick<Shard, "index" | "createSecond">,
): RecordPage {
  const { index, createSecond } = shard;
  const runs: RecordSlice[] = [];
  let recordsLeft = limit.recordsMax;
  let bytesLeft = limit.bytesMax;
  let count = 0;
  let next = from;
  for (const { position, timeMs, storedMs, body, count: entryCount } of entries) {
    const skip = from > position ? Number(from - position) : 0;
    if (skip >= entryCount) continue;
    if (recordsLeft === 0) break;
    const countMax = Math.min(recordsLeft, entryCount - skip);
    const run = cutRun(body, { skip, countMax, dataBytesMax: bytesLeft, atLeastOne: count === 0 });
    if (run.count > 0) {
      const first = skip === 0 ? position : position + BigInt(skip);
      runs.push({
        body,
        start: run.start,
        end: run.end,
        count: run.count,
        first: { createSecond, shardIndex: index, position: first, second: recordSecond(timeMs, shard) },
        arrivalMs: storedMs,
        kms: isKmsMarked(body),
      });
      next = first + BigInt(run.count);
      count += run.count;
      recordsLeft -= run.count;
      bytesLeft -= run.dataBytes;
    }
    if (run.count < entryCount - skip) break;
  }
  return { records: { count, dataBytes: limit.bytesMax - bytesLeft, runs }, next };
}
