import assert from "node:assert/strict";
import { type BufferLease, messageBuffers } from "../../memory/buffer-pool.ts";
import type { OutputOf } from "../../records/operation-io.ts";
import type { PutResults, StoredBatches } from "../../records/put-results.ts";
import { type WasmModule, wasmModule } from "../../records/wasm-module.ts";
import { formatShardId } from "../../streams/positions/shard-id.ts";

/*
 * What wasm/put-response.ts knows of a batch:
 *
 *   u8[56] series of sequence numbers | u8[40] what follows the number in each of its rows
 */
const BATCH_BYTES = 96;
const TAIL_BYTES = 40;
const DOUBLE_BYTES = 8;
/** A position, two seconds and the index of a shard. */
const BATCH_COLUMNS_BYTES = 3 * DOUBLE_BYTES + 4;

/** What every shard's id begins with; twelve digits follow. */
const shardIdHead = "shardId-";

/** How a format writes the rows of stored records. */
export interface PutRows {
  readonly wasmWriter: "writePutRows" | "writeCborPutRows";
  readonly rowBytes: number;
  /** What follows the number in a row of shard 0, at most 40 bytes. */
  readonly tail: string;
  /** What ends the response, in the place of the last bytes of the rows. */
  readonly end: string;
  readonly droppedBytes: number;
}

/** The last row's comma gives way to the end of the list. */
const jsonPutRows: PutRows = {
  wasmWriter: "writePutRows",
  rowBytes: 111,
  tail: `","ShardId":"${formatShardId(0)}"}`,
  end: "]}",
  droppedBytes: 1,
};

/** The JSON of a PutRecords response: bytes where the WebAssembly module could write it, text otherwise. */
export function encodePutRecordsJson(output: OutputOf<"PutRecords">): BufferLease | string {
  let head = "{";
  if (output.EncryptionType !== undefined) head += `"EncryptionType":"${output.EncryptionType}",`;
  if (output.FailedRecordCount !== undefined) head += `"FailedRecordCount":${output.FailedRecordCount},`;
  head += '"Records":[';
  const { Records } = output;
  const { stored, failures } = Records;
  if (stored !== undefined && failures === undefined) {
    const written = encodeStoredResults(Buffer.from(head, "latin1"), stored, jsonPutRows);
    if (written !== undefined) return written;
  }
  let text = head;
  for (let index = 0; index < Records.count; index += 1) {
    text += index === 0 ? encodeResult(Records, index) : `,${encodeResult(Records, index)}`;
  }
  return `${text}]}`;
}

/** A failed record has only its error, a stored one only its number and shard. */
function encodeResult(results: PutResults, index: number): string {
  const failure = results.failures?.get(index);
  if (failure !== undefined) {
    return `{"ErrorCode":${JSON.stringify(failure.code)},"ErrorMessage":${JSON.stringify(failure.message)}}`;
  }
  const shardId = results.shardIds[index];
  assert(shardId !== undefined, "a record that did not fail has a shard");
  return `{"SequenceNumber":"${results.sequenceNumbers[index]}","ShardId":"${shardId}"}`;
}

/** Writes rows behind the head of a response; undefined without the WebAssembly module, or when its memory is used up. */
export function encodeStoredResults(head: Buffer, stored: StoredBatches, rows: PutRows): BufferLease | undefined {
  const wasm = wasmModule();
  if (wasm === undefined) return undefined;
  const { calls, memory, allocator } = wasm;
  const { batchOfRecord } = stored;
  const count = batchOfRecord.length;
  const batchCount = stored.positions.length;
  const columnAt = batchCount * BATCH_BYTES;
  const rowsAt = alignUp(columnAt + 2 * count, DOUBLE_BYTES);
  // Batches are made from scratch columns that the first row may overwrite.
  const scratchBytes = TAIL_BYTES + batchCount * BATCH_COLUMNS_BYTES;
  const scratch = allocator.take(rowsAt + Math.max(scratchBytes, count * rows.rowBytes));
  if (scratch === undefined) return undefined;
  const { at: batches } = scratch;
  const from = batches + rowsAt;
  beginBatches(wasm, stored, rows, { batches, scratch: from });
  new Int16Array(memory.buffer, batches + columnAt, count).set(batchOfRecord);
  const end = calls[rows.wasmWriter](batches, batches + columnAt, count, from);
  assert(end === from + count * rows.rowBytes, "every row is as long as the others");
  const length = head.length + (end - from) - rows.droppedBytes + rows.end.length;
  const lease = messageBuffers.take(length);
  const out = lease.bytes;
  head.copy(out);
  memory.copy(out, head.length, from, end - rows.droppedBytes);
  out.write(rows.end, length - rows.end.length, "latin1");
  scratch[Symbol.dispose]();
  return lease.trim(length);
}

function alignUp(offset: number, unit: number): number {
  return Math.ceil(offset / unit) * unit;
}

function beginBatches(
  { calls, memory }: WasmModule,
  { shardIndexes, createSeconds, positions, seconds }: StoredBatches,
  { tail }: PutRows,
  at: { readonly batches: number; readonly scratch: number },
): void {
  const count = positions.length;
  const tailAt = at.scratch;
  const positionsAt = tailAt + TAIL_BYTES;
  const createSecondsAt = positionsAt + DOUBLE_BYTES * count;
  const secondsAt = createSecondsAt + DOUBLE_BYTES * count;
  const shardIndexesAt = secondsAt + DOUBLE_BYTES * count;
  memory.write(tail, tailAt, "latin1");
  new BigUint64Array(memory.buffer, positionsAt, count).set(positions);
  new Float64Array(memory.buffer, createSecondsAt, count).set(createSeconds);
  new Float64Array(memory.buffer, secondsAt, count).set(seconds);
  new Uint32Array(memory.buffer, shardIndexesAt, count).set(shardIndexes);
  const digitsAt = tail.indexOf(shardIdHead) + shardIdHead.length;
  calls.beginBatches(at.batches, count, createSecondsAt, shardIndexesAt, positionsAt, secondsAt, tailAt, digitsAt);
}
