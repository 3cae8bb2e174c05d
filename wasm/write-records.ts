/** Copies records from columns into entry bodies; the format is that of src/records/entry-layout.ts. */

import { copy } from "./copy";
import { NO_PARTITION_KEY, RECORD_COUNT_MAX } from "./put-columns";

/*
 * A record: u32 bytes of the data | u16 bytes of the key, or NO_PARTITION_KEY | key | data
 */
const KEY_BYTES: usize = 4;
const RECORD_HEADER_BYTES: usize = 6;

/** By record, u16: its batch, `NOT_ADMITTED` where it takes no part. */
const BATCHES: usize = memory.data(1000, 16);
/** By batch, u32: the address that its next record is written to. */
const WRITE_AT: usize = memory.data(2000, 16);
const NOT_ADMITTED: u32 = 0xffff;

/** The address that JavaScript writes the batches of records to. */
export function batchesOfRecords(): usize {
  return BATCHES;
}

/** The address that JavaScript writes the addresses of batches to. */
export function batchTargets(): usize {
  return WRITE_AT;
}

/** Writes each record to the address of its batch, and moves that behind it. */
export function writeRecords(count: usize, dataStart: usize, dataBytes: usize, keyStart: usize, keyBytes: usize): void {
  if (count > RECORD_COUNT_MAX) unreachable();
  for (let i: usize = 0; i < count; i += 1) {
    const batch = <usize>load<u16>(BATCHES + (i << 1));
    if (batch === NOT_ADMITTED) continue;
    const target = WRITE_AT + (batch << 2);
    let at = <usize>load<u32>(target);
    const data = <usize>load<u32>(dataBytes + (i << 2));
    const key = <usize>load<u16>(keyBytes + (i << 1));
    store<u32>(at, <u32>data);
    store<u16>(at, <u16>key, KEY_BYTES);
    at += RECORD_HEADER_BYTES;
    if (key !== NO_PARTITION_KEY) {
      copy(at, load<u32>(keyStart + (i << 2)), key);
      at += key;
    }
    copy(at, load<u32>(dataStart + (i << 2)), data);
    store<u32>(target, <u32>(at + data));
  }
}
