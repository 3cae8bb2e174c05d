// Hot path.
import assert from "node:assert/strict";
import type { OutputOf } from "../operations/operation.ts";
import { kernels } from "../records/kernels.ts";
import type { PutResults, StoredRuns } from "../records/put-results.ts";
import { recordSecond } from "../streams/sequence-number.ts";
import { formatShardId } from "../streams/shard-id.ts";
import { takeAnswerMemory } from "./answer-memory.ts";

/** As wasm/put-answer.ts has them. */
const RUN_BYTES = 96;
const RUN_TAIL_AT = 56;

/** How a format writes the rows of stored records. */
export interface PutRows {
  readonly kernel: "writePutRows" | "writeCborPutRows";
  readonly rowBytes: number;
  /** What follows the number in each row of a run; the kernels have room for 40 bytes of it. */
  afterNumber(shardId: string): string;
  /** What ends the answer, in the place of the last bytes of the rows. */
  readonly end: string;
  readonly droppedBytes: number;
}

/** The last row's comma gives way to the end of the list. */
const jsonPutRows: PutRows = {
  kernel: "writePutRows",
  rowBytes: 111,
  afterNumber: (shardId) => `","ShardId":"${shardId}"}`,
  end: "]}",
  droppedBytes: 1,
};

/**
 * The JSON of a PutRecords answer: bytes, in memory that `giveBackAnswer()` takes back, where the kernels could write it;
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
 * Behind the head of an answer, in memory that `giveBackAnswer()` takes back; undefined where the kernels, or their memory,
 * are not to be had.
 */
export function writeStored(head: Buffer, { runs, runOfRecord }: StoredRuns, rows: PutRows): Buffer | undefined {
  const machine = kernels();
  if (machine === undefined) return undefined;
  const { calls, memory, spans } = machine;
  const count = runOfRecord.length;
  const columnAt = runs.length * RUN_BYTES;
  const rowsAt = columnAt + 2 * count;
  const span = spans.take(rowsAt + count * rows.rowBytes);
  if (span === 0) return undefined;
  for (let run = 0, at = span; run < runs.length; run += 1, at += RUN_BYTES) {
    const { shard, position, timeMs } = runs[run] as StoredRuns["runs"][number];
    calls.beginSeries(at, shard.createSecond, shard.index, position, recordSecond(timeMs, shard));
    memory.write(rows.afterNumber(formatShardId(shard.index)), at + RUN_TAIL_AT, "latin1");
  }
  new Int16Array(memory.buffer, span + columnAt, count).set(runOfRecord);
  const from = span + rowsAt;
  const end = calls[rows.kernel](span, span + columnAt, count, from);
  assert(end === from + count * rows.rowBytes, "every row is as long as the others");
  const length = head.length + (end - from) - rows.droppedBytes + rows.end.length;
  const out = takeAnswerMemory(length).subarray(0, length);
  head.copy(out);
  memory.copy(out, head.length, from, end - rows.droppedBytes);
  out.write(rows.end, out.length - rows.end.length, "latin1");
  spans.giveBack(span);
  return out;
}
