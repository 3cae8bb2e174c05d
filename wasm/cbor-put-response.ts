/** The CBOR of the records of a PutRecords response, all of them stored. */
import { BATCH_BYTES, TAIL } from "./put-response";
import { NUMBER_BYTES, writeNext } from "./sequence-number";

/** A map of two, `SequenceNumber` and the head of a text of 56 digits. */
const BEGIN: usize = memory.data<u8>([
  0xa2, 0x6e, 0x53, 0x65, 0x71, 0x75, 0x65, 0x6e, 0x63, 0x65, 0x4e, 0x75, 0x6d, 0x62, 0x65, 0x72, 0x78, 0x38,
]);

/*
 * A row: the 18 bytes above, 56 digits, 29 of `ShardId` and its text, each with its head.
 */
const NUMBER: usize = 18;
const ROW_TAIL: usize = NUMBER + NUMBER_BYTES;
const ROW_TAIL_BYTES: usize = 29;
const ROW_BYTES: usize = ROW_TAIL + ROW_TAIL_BYTES;

/** Batches are as in put-response.ts. Returns the address behind the rows. */
export function writeCborPutRows(batches: usize, batchOfRecord: usize, count: u32, out: usize): usize {
  const end = batchOfRecord + ((<usize>count) << 1);
  for (let at = batchOfRecord; at < end; at += 2) {
    const batch = batches + <usize>load<u16>(at) * BATCH_BYTES;
    v128.store(out, v128.load(BEGIN));
    store<u16>(out, load<u16>(BEGIN, 16), 16);
    writeNext(batch, out + NUMBER);
    v128.store(out, v128.load(batch, TAIL), ROW_TAIL);
    v128.store(out, v128.load(batch, TAIL + 13), ROW_TAIL + 13);
    out += ROW_BYTES;
  }
  return out;
}
