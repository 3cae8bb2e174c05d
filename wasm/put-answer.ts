/** The JSON of the records of a PutRecords answer, all of them stored. */
import { writeNext } from "./sequence-number";

/** `{"SequenceNumber":"`, in sixteen and four bytes that share one. */
const BEGIN: usize = memory.data<u8>([
  0x7b, 0x22, 0x53, 0x65, 0x71, 0x75, 0x65, 0x6e, 0x63, 0x65, 0x4e, 0x75, 0x6d, 0x62, 0x65, 0x72, 0x22, 0x3a, 0x22,
]);
const ROW_BYTES: usize = 111;

/**
 * A run is what one append stored: its series of numbers (56 bytes), then what follows the number in each of its rows,
 * `","ShardId":"shardId-000000000000"}`. 96 bytes each; `runOfRecord` holds a u16 per record. Rows end with a comma, the
 * last one too. Returns the place behind them.
 */
export function writePutRows(runs: usize, runOfRecord: usize, count: u32, out: usize): usize {
  const end = runOfRecord + ((<usize>count) << 1);
  for (let at = runOfRecord; at < end; at += 2) {
    const run = runs + <usize>load<u16>(at) * 96;
    v128.store(out, v128.load(BEGIN));
    store<u32>(out, load<u32>(BEGIN, 15), 15);
    writeNext(run, out + 19);
    v128.store(out, v128.load(run, 56), 75);
    v128.store(out, v128.load(run, 72), 91);
    store<u32>(out, load<u32>(run, 87), 106);
    store<u8>(out, 0x2c, 110);
    out += ROW_BYTES;
  }
  return out;
}
