/** Copies records from columns into entry bodies; the format is that of src/records/entry-layout.ts. */

import { copy } from "./copy";

const NO_PARTITION_KEY: u32 = 0xffff;
const RECORD_COUNT_MAX: usize = 500;

/** By record, u16: its group, 0xffff where it takes no part. */
const GROUPS: usize = memory.data(1000, 16);
/** By group, u32: where its next record goes. */
const WRITE_AT: usize = memory.data(2000, 16);
const NOT_ADMITTED: u32 = 0xffff;

/** Where JavaScript puts the groups; what `layOutTargets()` gives is the same for the places. */
export function layOutGroups(): usize {
  return GROUPS;
}

export function layOutTargets(): usize {
  return WRITE_AT;
}

/** Writes each record to the place of its group, and moves the place behind it. */
export function layOutRecords(
  count: usize,
  dataStart: usize,
  dataBytes: usize,
  keyStart: usize,
  keyBytes: usize,
): void {
  if (count > RECORD_COUNT_MAX) unreachable();
  for (let i: usize = 0; i < count; i += 1) {
    const group = <usize>load<u16>(GROUPS + (i << 1));
    if (group === NOT_ADMITTED) continue;
    const target = WRITE_AT + (group << 2);
    let at = <usize>load<u32>(target);
    const data = <usize>load<u32>(dataBytes + (i << 2));
    const key = <usize>load<u16>(keyBytes + (i << 1));
    store<u32>(at, <u32>data);
    store<u16>(at, <u16>key, 4);
    at += 6;
    if (key !== NO_PARTITION_KEY) {
      copy(at, load<u32>(keyStart + (i << 2)), key);
      at += key;
    }
    copy(at, load<u32>(dataStart + (i << 2)), data);
    store<u32>(target, <u32>(at + data));
  }
}
