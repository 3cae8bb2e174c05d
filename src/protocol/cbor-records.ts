// Hot path.
import type { StructureShape } from "../model/shape.ts";
import { forEachRecord } from "../records/entry-layout.ts";
import { NO_PARTITION_KEY } from "../records/incoming-records.ts";
import type { RecordRun } from "../records/outgoing-records.ts";
import { SequenceNumberSeries } from "../streams/sequence-number.ts";
import { TIME_TAG, writeStructure } from "./cbor-encode.ts";
import { BYTES, LIST, MAP, TAG, TEXT } from "./cbor-head.ts";
import { CborWriter, HEAD_BYTES_MAX, writeHead, writeInteger } from "./cbor-writer.ts";
import { noRoom, type PayloadRoom, type RecordAnswer } from "./record-answers.ts";

/** Member names, heads and the 56 digits of the sequence number, with room to spare. */
const RECORD_FRAME_BYTES = 224;

const shortHeads = Array.from({ length: 24 }, (_, length) => String.fromCharCode((TEXT << 5) | length));
const longHeads = Array.from({ length: 256 }, (_, length) => String.fromCharCode((TEXT << 5) | 24, length));

const LIST_NAME = encodedText("Records");
const ARRIVAL = encodedText("ApproximateArrivalTimestamp");
const DATA = encodedText("Data");
const ENCRYPTION = `${encodedText("EncryptionType")}${encodedText("KMS")}`;
const PARTITION_KEY = encodedText("PartitionKey");
const SEQUENCE_NUMBER = encodedText("SequenceNumber");

/** ApproximateArrivalTimestamp, Data and SequenceNumber. */
const MEMBERS_ALWAYS = 3;

/**
 * An answer with records, written from the stored bytes into one buffer: no object and no copy per record. `rest` is the
 * answer's shape without its records. The room around it stays as it is.
 */
export function encodeWithRecords(rest: StructureShape, output: RecordAnswer, room: PayloadRoom = noRoom): Buffer {
  const writer = new CborWriter();
  writeStructure(rest, output, writer, 1);
  writer.latin1(LIST_NAME);
  const { runs } = output.Records;
  writer.head(
    LIST,
    runs.reduce((sum, run) => sum + run.count, 0),
  );
  const head = writer.finish();
  const out = Buffer.allocUnsafe(room.before + head.length + runs.reduce(addRunBytesMax, 0) + room.after);
  let end = room.before + head.copy(out, room.before);
  for (const run of runs) end = writeRun(run, out, end);
  return out.subarray(0, end + room.after);
}

function addRunBytesMax(sum: number, run: RecordRun): number {
  let bytes = sum;
  forEachRecord(run.body, run.skip, run.count, (_keyStart, keyBytes, _dataStart, dataBytes) => {
    bytes += RECORD_FRAME_BYTES + (keyBytes === NO_PARTITION_KEY ? 0 : keyBytes) + dataBytes;
  });
  return bytes;
}

// Native calls cost more than the bytes they move: constants are set, and only data and number are written.
function writeRun(run: RecordRun, out: Buffer, at: number): number {
  const body = Buffer.from(run.body.buffer, run.body.byteOffset, run.body.byteLength);
  const numbers = new SequenceNumberSeries(run.firstSequenceNumber);
  const members = MEMBERS_ALWAYS + (run.kms ? 1 : 0);
  const beforeData = encodedArrival(run.arrivalMs);
  const afterData = run.kms ? ENCRYPTION : "";
  const beforeKey = Buffer.from(`${afterData}${PARTITION_KEY}`, "latin1");
  let end = at;
  forEachRecord(body, run.skip, run.count, (keyStart, keyBytes, dataStart, dataBytes) => {
    const hasKey = keyBytes !== NO_PARTITION_KEY;
    end = writeHead(out, end, MAP, hasKey ? members + 1 : members);
    out.set(beforeData, end);
    end = writeHead(out, end + beforeData.length, BYTES, dataBytes);
    end += body.copy(out, end, dataStart, dataStart + dataBytes);
    const number = encodedText(numbers.next());
    if (hasKey) {
      out.set(beforeKey, end);
      end = writeHead(out, end + beforeKey.length, TEXT, keyBytes);
      for (let index = 0; index < keyBytes; index += 1) out[end + index] = body[keyStart + index] as number;
      end += keyBytes;
      end += out.write(`${SEQUENCE_NUMBER}${number}`, end, "latin1");
    } else {
      end += out.write(`${afterData}${SEQUENCE_NUMBER}${number}`, end, "latin1");
    }
  });
  return end;
}

/** The first member of every record of a run, and the name of the second. */
function encodedArrival(ms: number): Buffer {
  const out = Buffer.allocUnsafe(ARRIVAL.length + DATA.length + 2 * HEAD_BYTES_MAX);
  let end = out.write(ARRIVAL, "latin1");
  end = writeHead(out, end, TAG, TIME_TAG);
  end = writeInteger(out, end, Math.floor(ms));
  end += out.write(DATA, end, "latin1");
  return out.subarray(0, end);
}

/** ASCII text of up to 255 characters with its head, a byte per character, so that one native call can write several. */
export function encodedText(ascii: string): string {
  const { length } = ascii;
  return `${length < 24 ? shortHeads[length] : longHeads[length]}${ascii}`;
}
