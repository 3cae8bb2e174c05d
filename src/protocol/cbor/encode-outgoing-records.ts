import type { BufferLease } from "../../memory/buffer-pool.ts";
import type { StructureShape } from "../../model/shape.ts";
import { NO_PARTITION_KEY } from "../../records/incoming-records.ts";
import type { OutgoingRecords } from "../../records/outgoing-records.ts";
import { wasmModule } from "../../records/wasm-module.ts";
import { noMargins, type PayloadMargins } from "../codec/codec.ts";
import { encodeRecordRows, type RowFormat, type TextsBehindData } from "../records/encode-record-rows.ts";
import { TIME_TAG, writeStructure } from "./cbor-encode.ts";
import { BYTES, HEAD_BYTES_MAX, LIST, MAP, TAG, TEXT, TYPE_SHIFT, UINT8_INFO } from "./cbor-head.ts";
import { CborWriter, writeHead, writeInteger } from "./cbor-writer.ts";

/** More than member names, heads and the 56 digits of the sequence number take. */
const ROW_FRAME_BYTES = 224;

const shortHeads = Array.from({ length: UINT8_INFO }, (_, length) =>
  String.fromCharCode((TEXT << TYPE_SHIFT) | length),
);
const mapHeads = Array.from({ length: UINT8_INFO }, (_, count) => String.fromCharCode((MAP << TYPE_SHIFT) | count));
const longHeads = Array.from({ length: 256 }, (_, length) =>
  String.fromCharCode((TEXT << TYPE_SHIFT) | UINT8_INFO, length),
);

const LIST_NAME = encodedText("Records");
const BEFORE_ARRIVAL = `${encodedText("ApproximateArrivalTimestamp")}${String.fromCharCode((TAG << TYPE_SHIFT) | TIME_TAG)}`;
const DATA = encodedText("Data");
const ENCRYPTION = `${encodedText("EncryptionType")}${encodedText("KMS")}`;
const PARTITION_KEY = encodedText("PartitionKey");
/** With the head of 56 digits. */
const BEFORE_NUMBER = `${encodedText("SequenceNumber")}${longHeads[56]}`;

/** ApproximateArrivalTimestamp, Data and SequenceNumber. */
const MEMBERS_ALWAYS = 3;

const behindPlainData = behindData("");
const behindEncryptedData = behindData(ENCRYPTION);

function behindData(encryption: string): TextsBehindData {
  return {
    beforeKey: `${encryption}${PARTITION_KEY}`,
    withoutKey: `${encryption}${BEFORE_NUMBER}`,
    beforeNumber: BEFORE_NUMBER,
  };
}

export const cborRows: RowFormat = {
  wasmWriter: "writeCborRows",

  frameOf({ arrivalMs, kms }) {
    const memberCount = kms ? MEMBERS_ALWAYS + 1 : MEMBERS_ALWAYS;
    return { beforeData: beforeData(memberCount, arrivalMs), ...(kms ? behindEncryptedData : behindPlainData) };
  },

  bytesExpected(recordCount, storedBytes) {
    return recordCount * ROW_FRAME_BYTES + storedBytes;
  },

  rowBytesMax(keyBytes, dataBytes) {
    return ROW_FRAME_BYTES + (keyBytes === NO_PARTITION_KEY ? 0 : keyBytes) + dataBytes;
  },

  writeRow({ body, keyStart, keyBytes, dataStart, dataBytes, sequenceNumber }, frame, out, at) {
    let end = at + out.write(frame.beforeData, at, "latin1");
    end = writeHead(out, end, BYTES, dataBytes);
    end += body.copy(out, end, dataStart, dataStart + dataBytes);
    if (keyBytes === NO_PARTITION_KEY) {
      end += out.write(frame.withoutKey, end, "latin1");
    } else {
      // One member more than the map's head announces.
      out[at] = (out[at] as number) + 1;
      end += out.write(frame.beforeKey, end, "latin1");
      end = writeHead(out, end, TEXT, keyBytes);
      end += body.copy(out, end, keyStart, keyStart + keyBytes);
      end += out.write(frame.beforeNumber, end, "latin1");
    }
    return end + out.write(sequenceNumber, end, "latin1");
  },
};

/**
 * A response with stored records in one buffer, margins included. `rest` is its shape without the records. Disposes of the
 * memory behind the records.
 */
export function encodeWithRecords(
  rest: StructureShape,
  output: { readonly Records: OutgoingRecords },
  margins: PayloadMargins = noMargins,
): BufferLease {
  const writer = new CborWriter();
  writeStructure(rest, output, writer, 1);
  writer.latin1(LIST_NAME);
  writer.head(LIST, output.Records.count);
  const around = { head: writer.finish(), tail: "", droppedBytes: 0, margins };
  return encodeRecordRows(cborRows, output.Records, around, wasmModule());
}

// Scratch for one frame at a time.
const arrival = Buffer.alloc(HEAD_BYTES_MAX);

/** The head of a record's map, its first member, and the name of the second. */
function beforeData(memberCount: number, arrivalMs: number): string {
  const bytes = writeInteger(arrival, 0, Math.floor(arrivalMs));
  return `${mapHeads[memberCount]}${BEFORE_ARRIVAL}${arrival.toString("latin1", 0, bytes)}${DATA}`;
}

/** ASCII text of up to 255 characters with its head, a byte per character: one native call then writes several texts. */
export function encodedText(ascii: string): string {
  const { length } = ascii;
  return `${length < UINT8_INFO ? shortHeads[length] : longHeads[length]}${ascii}`;
}
