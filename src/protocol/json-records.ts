// Hot path.
import type { StructureShape } from "../model/shape.ts";
import { forEachRecord } from "../records/entry-layout.ts";
import { NO_PARTITION_KEY } from "../records/incoming-records.ts";
import type { RecordRun } from "../records/outgoing-records.ts";
import { SequenceNumberSeries } from "../streams/sequence-number.ts";
import { encodeSeconds, encodeStructure } from "./json-encode.ts";
import { noRoom, type PayloadRoom, type RecordAnswer } from "./record-answers.ts";

/** The longest escape of one byte: a control character as six. */
const ESCAPED_BYTES_MAX = 6;
/** Member names, punctuation and the 56 digits of the sequence number, with room to spare. */
const RECORD_FRAME_BYTES = 256;

/**
 * An answer with records, written from the stored bytes into one buffer: no object and no copy per record. `rest` is the
 * answer's shape without its records. The room around it stays as it is.
 */
export function encodeWithRecords(rest: StructureShape, output: RecordAnswer, room: PayloadRoom = noRoom): Buffer {
  const members = encodeStructure(rest, output).slice(0, -1);
  const head = `${members}${members === "{" ? "" : ","}"Records":[`;
  const { runs } = output.Records;
  const out = Buffer.allocUnsafe(room.before + Buffer.byteLength(head) + runs.reduce(addRunBytesMax, 2) + room.after);
  let end = room.before + out.write(head, room.before, "utf8");
  for (const [index, run] of runs.entries()) {
    if (index > 0 && run.count > 0) out[end++] = 0x2c;
    end = writeRun(run, out, end);
  }
  end += out.write("]}", end, "latin1");
  return out.subarray(0, end + room.after);
}

function addRunBytesMax(sum: number, run: RecordRun): number {
  let bytes = sum;
  forEachRecord(run.body, run.skip, run.count, (_keyStart, keyBytes, _dataStart, dataBytes) => {
    const key = keyBytes === NO_PARTITION_KEY ? 0 : keyBytes * ESCAPED_BYTES_MAX;
    bytes += RECORD_FRAME_BYTES + key + Math.ceil(dataBytes / 3) * 4;
  });
  return bytes;
}

// Native calls cost more than the bytes they move: constants are set, and only data and number are written.
const afterKey = '","SequenceNumber":"';

function writeRun(run: RecordRun, out: Buffer, at: number): number {
  const body = Buffer.from(run.body.buffer, run.body.byteOffset, run.body.byteLength);
  const numbers = new SequenceNumberSeries(run.firstSequenceNumber);
  const beforeData = Buffer.from(`{"ApproximateArrivalTimestamp":${encodeSeconds(run.arrivalMs, false)},"Data":"`);
  const afterData = run.kms ? '","EncryptionType":"KMS' : "";
  const beforeKey = Buffer.from(`${afterData}","PartitionKey":"`);
  let end = at;
  forEachRecord(body, run.skip, run.count, (keyStart, keyBytes, dataStart, dataBytes) => {
    if (end > at) out[end++] = 0x2c;
    out.set(beforeData, end);
    end += beforeData.length;
    end += out.write(body.toString("base64", dataStart, dataStart + dataBytes), end, "latin1");
    if (keyBytes === NO_PARTITION_KEY) {
      end += out.write(`${afterData}${afterKey}${numbers.next()}"}`, end, "latin1");
    } else {
      out.set(beforeKey, end);
      end = writeEscaped(body, keyStart, keyBytes, out, end + beforeKey.length);
      end += out.write(`${afterKey}${numbers.next()}"}`, end, "latin1");
    }
  });
  return end;
}

/** Copies UTF-8 into a JSON string. Returns the offset behind it. */
function writeEscaped(from: Buffer, start: number, length: number, out: Buffer, at: number): number {
  for (let index = 0; index < length; index += 1) {
    const byte = from[start + index] as number;
    if (byte < 0x20 || byte === 0x22 || byte === 0x5c) {
      const text = from.toString("utf8", start, start + length);
      return at + out.write(JSON.stringify(text).slice(1, -1), at, "utf8");
    }
    out[at + index] = byte;
  }
  return at + length;
}
