import type { Position, StoredEntry } from "../engine/shard-log.ts";
import { recordSecond } from "../streams/positions/sequence-number.ts";
import type { Shard } from "../streams/stream.ts";
import { cutSlice, isKmsMarked } from "./entry-layout.ts";
import type { OutgoingRecords, RecordSlice } from "./outgoing-records.ts";

export interface PageLimit {
  readonly recordsMax: number;
  /** Data bytes, without keys. The first record is taken whatever its size. */
  readonly bytesMax: number;
}

export interface RecordPage {
  readonly records: OutgoingRecords;
  /** The position to read on from; `from` when the entries hold nothing at or behind it. */
  readonly next: Position;
}

/** The records from position `from` on that one response may hold, still in their stored bytes. */
export function cutPage(
  entries: readonly StoredEntry[],
  from: Position,
  limit: PageLimit,
  shard: Pick<Shard, "index" | "createSecond">,
): RecordPage {
  const { index, createSecond } = shard;
  const slices: RecordSlice[] = [];
  let recordsLeft = limit.recordsMax;
  let bytesLeft = limit.bytesMax;
  let count = 0;
  let next = from;
  for (const { position, timeMs, storedMs, body, count: entryCount } of entries) {
    const skip = from > position ? Number(from - position) : 0;
    if (skip >= entryCount) continue;
    if (recordsLeft === 0) break;
    const countMax = Math.min(recordsLeft, entryCount - skip);
    const slice = cutSlice(body, { skip, countMax, dataBytesMax: bytesLeft, atLeastOne: count === 0 });
    if (slice.count > 0) {
      const first = skip === 0 ? position : position + BigInt(skip);
      slices.push({
        body,
        start: slice.start,
        end: slice.end,
        count: slice.count,
        first: { createSecond, shardIndex: index, position: first, second: recordSecond(timeMs, shard) },
        arrivalMs: storedMs,
        kms: isKmsMarked(body),
      });
      next = first + BigInt(slice.count);
      count += slice.count;
      recordsLeft -= slice.count;
      bytesLeft -= slice.dataBytes;
    }
    if (slice.count < entryCount - skip) break;
  }
  return { records: { count, dataBytes: limit.bytesMax - bytesLeft, slices }, next };
}
