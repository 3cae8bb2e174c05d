import type { Position, StoredEntry } from "../engine/shard-log.ts";
import { sequenceNumberAt } from "../streams/sequence-number.ts";
import type { Shard } from "../streams/stream.ts";
import { countFitting, isKmsMarked } from "./entry-layout.ts";
import type { OutgoingRecords, RecordRun } from "./outgoing-records.ts";

export interface PageLimit {
  readonly recordsMax: number;
  /** Data bytes, without keys. Soft for the first record, which always fits. */
  readonly bytesMax: number;
}

export interface RecordPage {
  readonly records: OutgoingRecords;
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
  const runs: RecordRun[] = [];
  let recordsLeft = limit.recordsMax;
  let bytesLeft = limit.bytesMax;
  let count = 0;
  let next = from;
  for (const { position, timeMs, storedMs, body, count: entryCount } of entries) {
    const skip = from > position ? Number(from - position) : 0;
    if (skip >= entryCount) continue;
    if (recordsLeft === 0) break;
    const countMax = Math.min(recordsLeft, entryCount - skip);
    const fitting = countFitting(body, { skip, countMax, dataBytesMax: bytesLeft, atLeastOne: count === 0 });
    if (fitting.count > 0) {
      const first = position + BigInt(skip);
      runs.push({
        body,
        skip,
        count: fitting.count,
        firstSequenceNumber: sequenceNumberAt(shard, { position: first, timeMs }),
        arrivalMs: storedMs,
        kms: isKmsMarked(body),
      });
      next = first + BigInt(fitting.count);
      count += fitting.count;
      recordsLeft -= fitting.count;
      bytesLeft -= fitting.dataBytes;
    }
    if (fitting.count < entryCount - skip) break;
  }
  return { records: { count, dataBytes: limit.bytesMax - bytesLeft, runs }, next };
}
