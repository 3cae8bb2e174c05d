/** The JSON of the records of a PutRecords response, all of them stored. */
import { beginSeries, digits, NUMBER_BYTES, SERIES_BYTES, writeNext } from "./sequence-number";

/** `{"SequenceNumber":"`, in sixteen and four bytes that share one. */
const BEGIN: usize = memory.data<u8>([
  0x7b, 0x22, 0x53, 0x65, 0x71, 0x75, 0x65, 0x6e, 0x63, 0x65, 0x4e, 0x75, 0x6d, 0x62, 0x65, 0x72, 0x22, 0x3a, 0x22,
]);

/*
 * A batch is what one append stored for one shard:
 *
 *   u8[56] series of sequence numbers | u8[40] what follows the number in each of its rows
 */
export const TAIL: usize = SERIES_BYTES;
export const BATCH_BYTES: usize = TAIL + 40;

/*
 * A row: 19 bytes of `{"SequenceNumber":"`, 56 digits, 35 of `","ShardId":"shardId-000000000000"}`, a comma.
 */
const NUMBER: usize = 19;
const ROW_TAIL: usize = NUMBER + NUMBER_BYTES;
const ROW_TAIL_BYTES: usize = 35;
const ROW_COMMA: usize = ROW_TAIL + ROW_TAIL_BYTES;
const ROW_BYTES: usize = ROW_COMMA + 1;

/**
 * Makes `count` batches from columns. `tail` is what follows the number in a row of any shard, `digitsAt` the offset of
 * the shard's twelve digits in it.
 */
export function beginBatches(
  batches: usize,
  count: u32,
  createSeconds: usize,
  shardIndexes: usize,
  positions: usize,
  seconds: usize,
  tail: usize,
  digitsAt: usize,
): void {
  const tail0 = v128.load(tail);
  const tail1 = v128.load(tail, 16);
  const tail2 = load<u64>(tail, 32);
  const end = batches + <usize>count * BATCH_BYTES;
  for (let batch = batches; batch < end; batch += BATCH_BYTES) {
    const shardIndex = load<u32>(shardIndexes);
    beginSeries(batch, load<f64>(createSeconds), shardIndex, load<u64>(positions), load<f64>(seconds));
    v128.store(batch, tail0, TAIL);
    v128.store(batch, tail1, TAIL + 16);
    store<u64>(batch, tail2, TAIL + 32);
    const shardDigits = batch + TAIL + digitsAt;
    store<u32>(shardDigits, <u32>(digits(shardIndex / 100000000) >> 32));
    store<u64>(shardDigits, digits(shardIndex % 100000000), 4);
    createSeconds += 8;
    shardIndexes += 4;
    positions += 8;
    seconds += 8;
  }
}

/** `batchOfRecord` holds a u16 per record. Every row ends with a comma. Returns the address behind the rows. */
export function writePutRows(batches: usize, batchOfRecord: usize, count: u32, out: usize): usize {
  const end = batchOfRecord + ((<usize>count) << 1);
  for (let at = batchOfRecord; at < end; at += 2) {
    const batch = batches + <usize>load<u16>(at) * BATCH_BYTES;
    v128.store(out, v128.load(BEGIN));
    store<u32>(out, load<u32>(BEGIN, 15), 15);
    writeNext(batch, out + NUMBER);
    v128.store(out, v128.load(batch, TAIL), ROW_TAIL);
    v128.store(out, v128.load(batch, TAIL + 16), ROW_TAIL + 16);
    store<u32>(out, load<u32>(batch, TAIL + 31), ROW_TAIL + 31);
    store<u8>(out, 0x2c, ROW_COMMA);
    out += ROW_BYTES;
  }
  return out;
}
