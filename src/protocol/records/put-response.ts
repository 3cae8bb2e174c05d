import assert from "node:assert/strict";
import type { OutputOf } from "../../operations/operation.ts";
import type { PutResults, StoredRuns } from "../../records/put-results.ts";
import { type WasmModule, wasmModule } from "../../records/wasm-module.ts";
import { formatShardId } from "../../streams/positions/shard-id.ts";
import { takeResponseMemory } from "./response-memory.ts";

/** As wasm/put-answer.ts has them. */
const RUN_BYTES = 96;
const TAIL_BYTES = 40;
/** A position, two seconds and the index of a shard. */
const COLUMNS_BYTES = 28;

/** What every shard's id begins with; twelve digits follow. */
const shardIdHead = "shardId-";

/** How a format writes the rows of stored records. */
export interface PutRows {
  readonly kernel: "writePutRows" | "writeCborPutRows";
  readonly rowBytes: number;
  /** What follows the number in a row of shard 0, at most 40 bytes. */
  readonly tail: string;
  /** What ends the answer, in the place of the last bytes of the rows. */
  readonly end: string;
  readonly droppedBytes: number;
}

/** The last row's comma gives way to the end of the list. */
const jsonPutRows: PutRows = {
  kernel: "writePutRows",
  rowBytes: 111,
  tail: `","ShardId":"${formatShardId(0)}"}`,
  end: "]}",
  droppedBytes: 1,
};

/**
 * The JSON of a PutRecords answer: bytes, in memory that `releaseResponse()` takes back, where the kernels could write it;
 * text otherwise.
 */
export function encodePutRecords(output: OutputOf<"PutRecords">): Buffer | string {
  let head = "{";
  if (output.EncryptionType !== undefined) head += `"EncryptionType":"${output.EncryptionType}",`;
  if (output.FailedRecordCount !== undefined) head += `"FailedRecordCount":${output.FailedRecordCount},`;
  head += '"Records":[';
  const { Records } = output;
  const { stored, failures } = Records;
  if (stored !== undefined && failures === undefined) {
    const written = writeStored(Buffer.from(head, "latin1"), stored, jsonPutRows);
    if (written !== undefined) return written;
  }
  let text = head;
  for (let index = 0; index < Records.count; index += 1) {
    text += index === 0 ? encodeResult(Records, index) : `,${encodeResult(Records, index)}`;
  }
  return `${text}]}`;
}

/** A failed record has only its error; a stored one only its place. */
function encodeResult(results: PutResults, index: number): string {
  const failure = results.failures?.get(index);
  if (failure !== undefined) {
    return `{"ErrorCode":${JSON.stringify(failure.code)},"ErrorMessage":${JSON.stringify(failure.message)}}`;
  }
  const shardId = results.shardIds[index];
  assert(shardId !== undefined, "a record that did not fail has a shard");
  return `{"SequenceNumber":"${results.sequenceNumbers[index]}","ShardId":"${shardId}"}`;
}

/**
 * Behind the head of an answer, in memory that `releaseResponse()` takes back; undefined where the kernels, or their memory,
 * are not to be had.
 */
export function writeStored(head: Buffer, stored: StoredRuns, rows: PutRows): Buffer | undefined {
  const machine = wasmModule();
  if (machine === undefined) return undefined;
  const { calls, memory, spans } = machine;
  const { runOfRecord } = stored;
  const count = runOfRecord.length;
  const runCount = stored.positions.length;
  const columnAt = runCount * RUN_BYTES;
  // What runs are made from is done with before the first row is written over it.
  const rowsAt = columnAt + 2 * count + ((-2 * count) & 7);
  const span = spans.take(rowsAt + Math.max(TAIL_BYTES + runCount * COLUMNS_BYTES, count * rows.rowBytes));
  if (span === 0) return undefined;
  beginRuns(machine, stored, rows, { runs: span, scratch: span + rowsAt });
  new Int16Array(memory.buffer, span + columnAt, count).set(runOfRecord);
  const from = span + rowsAt;
  const end = calls[rows.kernel](span, span + columnAt, count, from);
  assert(end === from + count * rows.rowBytes, "every row is as long as the others");
  const length = head.length + (end - from) - rows.droppedBytes + rows.end.length;
  const out = takeResponseMemory(length).subarray(0, length);
  head.copy(out);
  memory.copy(out, head.length, from, end - rows.droppedBytes);
  out.write(rows.end, out.length - rows.end.length, "latin1");
  spans.giveBack(span);
  return out;
}

function beginRuns(
  { calls, memory }: WasmModule,
  { shardIndexes, createSeconds, positions, seconds }: StoredRuns,
  { tail }: PutRows,
  at: { readonly runs: number; readonly scratch: number },
): void {
  const count = positions.length;
  const tailAt = at.scratch;
  const positionsAt = tailAt + TAIL_BYTES;
  const createSecondsAt = positionsAt + 8 * count;
  const secondsAt = createSecondsAt + 8 * count;
  const shardIndexesAt = secondsAt + 8 * count;
  memory.write(tail, tailAt, "latin1");
  new BigUint64Array(memory.buffer, positionsAt, count).set(positions);
  new Float64Array(memory.buffer, createSecondsAt, count).set(createSeconds);
  new Float64Array(memory.buffer, secondsAt, count).set(seconds);
  new Uint32Array(memory.buffer, shardIndexesAt, count).set(shardIndexes);
  const digitsAt = tail.indexOf(shardIdHead) + shardIdHead.length;
  calls.beginRuns(at.runs, count, createSecondsAt, shardIndexesAt, positionsAt, secondsAt, tailAt, digitsAt);
}
