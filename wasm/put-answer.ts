/** The JSON of the records of a PutRecords answer, all of them stored. */
import { beginSeries, digits, writeNext } from "./sequence-number";

/** `{"SequenceNumber":"`, in sixteen and four bytes that share one. */
const BEGIN: usize = memory.data<u8>([
  0x7b, 0x22, 0x53, 0x65, 0x71, 0x75, 0x65, 0x6e, 0x63, 0x65, 0x4e, 0x75, 0x6d, 0x62, 0x65, 0x72, 0x22, 0x3a, 0x22,
]);
const ROW_BYTES: usize = 111;

const RUN_BYTES: usize = 96;
const RUN_TAIL: usize = 56;

/**
 * A run is what one append stored: its series of numbers (56 bytes), then 40 bytes that begin with what follows the number
 * in each of its rows. Makes `count` of them from columns; `tail` is that text with any shard's number in it, whose twelve
 * digits are at `digitsAt`.
 */
export function beginRuns(
  runs: usize,
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
  const end = runs + <usize>count * RUN_BYTES;
  for (let run = runs; run < end; run += RUN_BYTES) {
    const shardIndex = load<u32>(shardIndexes);
    beginSeries(run, load<f64>(createSeconds), shardIndex, load<u64>(positions), load<f64>(seconds));
    v128.store(run, tail0, RUN_TAIL);
    v128.store(run, tail1, RUN_TAIL + 16);
    store<u64>(run, tail2, RUN_TAIL + 32);
    const digitsOfRun = run + RUN_TAIL + digitsAt;
    store<u32>(digitsOfRun, <u32>(digits(shardIndex / 100000000) >> 32));
    store<u64>(digitsOfRun, digits(shardIndex % 100000000), 4);
    createSeconds += 8;
    shardIndexes += 4;
    positions += 8;
    seconds += 8;
  }
}

/**
 * The JSON of rows whose runs end in `","ShardId":"shardId-000000000000"}`. `runOfRecord` holds a u16 per record. Rows end
 * with a comma, the last one too. Returns the place behind them.
 */
export function writePutRows(runs: usize, runOfRecord: usize, count: u32, out: usize): usize {
  const end = runOfRecord + ((<usize>count) << 1);
  for (let at = runOfRecord; at < end; at += 2) {
    const run = runs + <usize>load<u16>(at) * RUN_BYTES;
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
