/** The CBOR of the records of a PutRecords answer, all of them stored. */
import { writeNext } from "./sequence-number";

/** A map of two, `SequenceNumber` and the head of a text of 56 digits. */
const BEGIN: usize = memory.data<u8>([
  0xa2, 0x6e, 0x53, 0x65, 0x71, 0x75, 0x65, 0x6e, 0x63, 0x65, 0x4e, 0x75, 0x6d, 0x62, 0x65, 0x72, 0x78, 0x38,
]);
const ROW_BYTES: usize = 103;

/**
 * A run is as in put-answer.ts; what follows the number in each of its rows are the 29 bytes of `ShardId` and its text.
 * Returns the place behind the rows.
 */
export function writeCborPutRows(runs: usize, runOfRecord: usize, count: u32, out: usize): usize {
  const end = runOfRecord + ((<usize>count) << 1);
  for (let at = runOfRecord; at < end; at += 2) {
    const run = runs + <usize>load<u16>(at) * 96;
    v128.store(out, v128.load(BEGIN));
    store<u16>(out, load<u16>(BEGIN, 16), 16);
    writeNext(run, out + 18);
    v128.store(out, v128.load(run, 56), 74);
    v128.store(out, v128.load(run, 69), 87);
    out += ROW_BYTES;
  }
  return out;
}
