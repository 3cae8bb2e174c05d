import type { BufferLease } from "../../memory/buffer-pool.ts";
import type { StructureShape } from "../../model/shape.ts";
import { NO_PARTITION_KEY } from "../../records/incoming-records.ts";
import type { OutputOf } from "../../records/operation-io.ts";
import type { OutgoingRecords } from "../../records/outgoing-records.ts";
import { sliceInputAt, sliceOutputAt } from "../../records/wasm-layout.ts";
import { wasmModule } from "../../records/wasm-module.ts";
import { type EncodedBody, noMargins, type PayloadMargins } from "../codec/codec.ts";
import { encodeRecordRows, type RowFormat, type TextsBehindData } from "../records/encode-record-rows.ts";
import { pageShapeWithoutRecords } from "../records/output-shapes-without-records.ts";
import { encodeSeconds, encodeStructure } from "./json-encode.ts";

/** The longest escape of one byte: a control character as six. */
const ESCAPED_BYTES_MAX = 6;
/** More than member names, punctuation and the 56 digits of the sequence number take. */
const ROW_FRAME_BYTES = 256;

const behindPlainData = behindData("");
const behindEncryptedData = behindData('","EncryptionType":"KMS');

function behindData(encryption: string): TextsBehindData {
  return {
    beforeKey: `${encryption}","PartitionKey":"`,
    withoutKey: `${encryption}","SequenceNumber":"`,
    beforeNumber: '","SequenceNumber":"',
  };
}

/** Every row ends with a comma. */
export const jsonRows: RowFormat = {
  wasmWriter: "writeJsonRows",

  frameOf({ arrivalMs, kms }) {
    const beforeData = `{"ApproximateArrivalTimestamp":${encodeSeconds(arrivalMs, false)},"Data":"`;
    return { beforeData, ...(kms ? behindEncryptedData : behindPlainData) };
  },

  bytesExpected(recordCount, storedBytes) {
    return recordCount * ROW_FRAME_BYTES + Math.ceil(storedBytes / 3) * 4;
  },

  rowBytesMax(keyBytes, dataBytes) {
    const key = keyBytes === NO_PARTITION_KEY ? 0 : keyBytes * ESCAPED_BYTES_MAX;
    return ROW_FRAME_BYTES + key + Math.ceil(dataBytes / 3) * 4;
  },

  writeRow({ body, keyStart, keyBytes, dataStart, dataBytes, sequenceNumber }, frame, out, at) {
    let end = at + out.write(frame.beforeData, at, "latin1");
    end = writeBase64(body, dataStart, dataStart + dataBytes, out, end);
    if (keyBytes === NO_PARTITION_KEY) {
      end += out.write(frame.withoutKey, end, "latin1");
    } else {
      end += out.write(frame.beforeKey, end, "latin1");
      end = writeEscaped(body, keyStart, keyBytes, out, end);
      end += out.write(frame.beforeNumber, end, "latin1");
    }
    return end + out.write(`${sequenceNumber}"},`, end, "latin1");
  },
};

/** A page of GetRecords. One without records, the commonest of all, is a text. Disposes of the memory behind the records. */
export function encodePage(output: OutputOf<"GetRecords">): EncodedBody {
  const { Records, MillisBehindLatest, NextShardIterator } = output;
  if (Records.count > 0) return encodeWithRecords(pageShapeWithoutRecords, output);
  Records.lease?.[Symbol.dispose]();
  if (NextShardIterator === undefined) return `${textBeforeRecords(pageShapeWithoutRecords, output)}]}`;
  // Base64 needs no escape.
  return `{"MillisBehindLatest":${MillisBehindLatest},"NextShardIterator":"${NextShardIterator}","Records":[]}`;
}

/**
 * A response with stored records in one buffer, margins included. `rest` is its shape without the records. Disposes of the
 * memory behind the records.
 */
export function encodeWithRecords(
  rest: StructureShape,
  output: { readonly Records: OutgoingRecords },
  margins: PayloadMargins = noMargins,
): BufferLease {
  const head = Buffer.from(textBeforeRecords(rest, output));
  // The last row's comma gives way to the end of the list.
  const droppedBytes = output.Records.count > 0 ? 1 : 0;
  return encodeRecordRows(jsonRows, output.Records, { head, tail: "]}", droppedBytes, margins }, wasmModule());
}

function textBeforeRecords(rest: StructureShape, output: object): string {
  const members = encodeStructure(rest, output).slice(0, -1);
  return `${members}${members === "{" ? "" : ","}"Records":[`;
}

/** A multiple of three, so that encoded pieces join; the input and output slices hold a piece. */
const pieceBytes = 96 * 1024;

/** Writes large data by pieces, so that no string of many MiB is made. Returns the offset behind it. */
export function writeBase64(from: Buffer, start: number, end: number, out: Buffer, at: number): number {
  const wasm = wasmModule();
  if (wasm === undefined || end - start < pieceBytes) {
    return at + out.write(from.toString("base64", start, end), at, "latin1");
  }
  const { calls, memory } = wasm;
  let written = at;
  for (let next = start; next < end; next += pieceBytes) {
    const bytes = from.copy(memory, sliceInputAt, next, Math.min(end, next + pieceBytes));
    written += memory.copy(out, written, sliceOutputAt, calls.encodeBase64(sliceInputAt, bytes, sliceOutputAt));
  }
  return written;
}

/** Copies UTF-8 into a JSON string. Returns the offset behind it. */
export function writeEscaped(from: Buffer, start: number, length: number, out: Buffer, at: number): number {
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
