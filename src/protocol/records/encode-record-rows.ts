import { type BufferLease, messageBuffers } from "../../memory/buffer-pool.ts";
import { forEachRecord, recordEnd } from "../../records/entry-layout.ts";
import type { OutgoingRecords, RecordSlice } from "../../records/outgoing-records.ts";
import { sliceInputAt, sliceInputBytes, sliceOutputAt, sliceOutputBytes } from "../../records/wasm-layout.ts";
import { SEQUENCE_NUMBER_DIGITS, type WasmModule } from "../../records/wasm-module.ts";
import { encodeSequenceNumber, SequenceNumberSeries } from "../../streams/positions/sequence-number.ts";
import type { PayloadMargins } from "../codec/codec.ts";

/** What is the same in all rows of a slice of records, a byte per character. */
export interface RowTexts extends TextsBehindData {
  readonly beforeData: string;
}

export interface TextsBehindData {
  /** Between data and partition key. */
  readonly beforeKey: string;
  /** Between data and sequence number of a record without a key. */
  readonly withoutKey: string;
  /** Between key and sequence number. */
  readonly beforeNumber: string;
}

/** One stored record, in offsets into its entry. */
export interface StoredRow {
  readonly body: Buffer;
  readonly keyStart: number;
  /** `NO_PARTITION_KEY` when there is none. */
  readonly keyBytes: number;
  readonly dataStart: number;
  readonly dataBytes: number;
  readonly sequenceNumber: string;
}

/** How a codec writes records. */
export interface RowFormat {
  /** The export of the WebAssembly module that writes the same rows as `writeRow()`. */
  readonly wasmWriter: "writeJsonRows" | "writeCborRows";
  frameOf(slice: RecordSlice): RowTexts;
  /** About as many bytes as stored records become. */
  bytesExpected(recordCount: number, storedBytes: number): number;
  rowBytesMax(keyBytes: number, dataBytes: number): number;
  /** Returns the offset behind the row. */
  writeRow(row: StoredRow, frame: RowTexts, out: Buffer, at: number): number;
}

/** What a response has around its rows. */
export interface ResponseEnds {
  readonly head: Uint8Array;
  readonly tail: string;
  /** Bytes at the end of the rows that the tail takes the place of. */
  readonly droppedBytes: number;
  /** Around head and tail; they hold rubbish. */
  readonly margins: PayloadMargins;
}

/** Writes records from their stored bytes, without an object or a copy per record, and disposes of their memory. */
export function encodeRecordRows(
  format: RowFormat,
  records: OutgoingRecords,
  around: ResponseEnds,
  wasm: WasmModule | undefined,
): BufferLease {
  try {
    const writer = new RowWriter(format, records.slices, around, wasm);
    for (const slice of records.slices) writer.write(slice);
    return writer.finish(around);
  } finally {
    records.lease?.[Symbol.dispose]();
  }
}

/*
 * The frame of a slice as wasm/record-rows.ts has it:
 *
 *   u8[64] series of sequence numbers | u8[80] beforeData | u8[48] beforeKey | u8[48] withoutKey | u8[32] beforeNumber |
 *   u32[4] bytes of each of these four texts
 */
const BEFORE_DATA_AT = 64;
const BEFORE_DATA_BYTES_MAX = 80;
const BEFORE_KEY_AT = BEFORE_DATA_AT + BEFORE_DATA_BYTES_MAX;
const BEFORE_KEY_BYTES_MAX = 48;
const WITHOUT_KEY_AT = BEFORE_KEY_AT + BEFORE_KEY_BYTES_MAX;
const WITHOUT_KEY_BYTES_MAX = 48;
const BEFORE_NUMBER_AT = WITHOUT_KEY_AT + WITHOUT_KEY_BYTES_MAX;
const BEFORE_NUMBER_BYTES_MAX = 32;
const LENGTHS_AT = BEFORE_NUMBER_AT + BEFORE_NUMBER_BYTES_MAX;
const frameTexts = [
  { name: "beforeData", at: BEFORE_DATA_AT, bytesMax: BEFORE_DATA_BYTES_MAX, lengthAt: LENGTHS_AT },
  { name: "beforeKey", at: BEFORE_KEY_AT, bytesMax: BEFORE_KEY_BYTES_MAX, lengthAt: LENGTHS_AT + 4 },
  { name: "withoutKey", at: WITHOUT_KEY_AT, bytesMax: WITHOUT_KEY_BYTES_MAX, lengthAt: LENGTHS_AT + 8 },
  { name: "beforeNumber", at: BEFORE_NUMBER_AT, bytesMax: BEFORE_NUMBER_BYTES_MAX, lengthAt: LENGTHS_AT + 12 },
] as const;

const sliceOutputEnd = sliceOutputAt + sliceOutputBytes;

/**
 * The WebAssembly module writes the rows, as much at a time as its input and output slices hold; the format itself does
 * where there is no module, and for a record larger than a slice.
 */
class RowWriter {
  readonly #format: RowFormat;
  readonly #margins: PayloadMargins;
  readonly #wasm: WasmModule | undefined;
  #lease: BufferLease;
  #out: Buffer;
  #end: number;
  /** Where the rows end that the module has written and that are not in `#out` yet. */
  #outputEnd = sliceOutputAt;
  /** The slice whose frame and series the module has. */
  #last: RecordSlice | undefined;
  #lastFrame: RowTexts | undefined;

  constructor(
    format: RowFormat,
    slices: readonly RecordSlice[],
    { head, margins }: ResponseEnds,
    wasm: WasmModule | undefined,
  ) {
    this.#format = format;
    this.#margins = margins;
    this.#wasm = wasm;
    let bytes = margins.before + head.length + margins.after;
    for (const { count, start, end } of slices) bytes += format.bytesExpected(count, end - start);
    this.#lease = messageBuffers.take(bytes);
    this.#out = this.#lease.bytes;
    this.#out.set(head, margins.before);
    this.#end = margins.before + head.length;
  }

  finish({ tail, droppedBytes }: ResponseEnds): BufferLease {
    this.#flush();
    this.#end -= droppedBytes;
    this.#reserve(tail.length);
    this.#end += this.#out.write(tail, this.#end, "latin1");
    return this.#lease.trim(this.#end + this.#margins.after);
  }

  write(slice: RecordSlice): void {
    const wasm = this.#wasm;
    if (wasm === undefined || !this.#begin(slice, wasm)) {
      this.#writeInScript(slice);
      return;
    }
    const { calls, memory } = wasm;
    const { wasmWriter } = this.#format;
    const { body, end } = slice;
    for (let at = slice.start; at < end; ) {
      const inputEnd = sliceInputAt + Math.min(end - at, sliceInputBytes);
      memory.set(new Uint8Array(body.buffer, body.byteOffset + at, inputEnd - sliceInputAt), sliceInputAt);
      let from = sliceInputAt;
      for (;;) {
        const outputEnd = this.#outputEnd;
        this.#outputEnd = calls[wasmWriter](from, inputEnd, outputEnd, sliceOutputEnd);
        from = calls.rowsReadTo.value;
        // It stops when the output slice is full, or because the next record is not whole here.
        if (from === inputEnd || outputEnd === sliceOutputAt) break;
        this.#flush();
      }
      at += from === sliceInputAt ? this.#writeLarge(slice, at, wasm) : from - sliceInputAt;
    }
    this.#last = slice;
  }

  /** Gives the module the frame and the first number of a slice. False when a text is too long for it. */
  #begin(slice: RecordSlice, { calls, memory }: WasmModule): boolean {
    const last = this.#last;
    const lastFrame = this.#lastFrame;
    this.#last = undefined;
    this.#lastFrame = undefined;
    const frameAt = calls.rowFrame();
    const isAlike = last?.arrivalMs === slice.arrivalMs && last.kms === slice.kms;
    const frame = isAlike && lastFrame !== undefined ? lastFrame : this.#format.frameOf(slice);
    for (const { name, at, bytesMax, lengthAt } of frame === lastFrame ? [] : frameTexts) {
      const text = frame[name];
      if (text === lastFrame?.[name]) continue;
      if (text.length > bytesMax) return false;
      memory.write(text, frameAt + at, "latin1");
      memory.writeUInt32LE(text.length, frameAt + lengthAt);
    }
    this.#lastFrame = frame;
    const { createSecond, shardIndex, position, second } = slice.first;
    const goesOn =
      last?.first.second === second &&
      last.first.shardIndex === shardIndex &&
      last.first.position + BigInt(last.count) === position;
    if (!goesOn) calls.beginSeries(frameAt, createSecond, shardIndex, position, second);
    return true;
  }

  /** A record larger than a slice; the module has its number. Returns its stored bytes. */
  #writeLarge(slice: RecordSlice, at: number, { calls, memory }: WasmModule): number {
    calls.writeNext(calls.rowFrame(), sliceOutputAt);
    const number = memory.toString("latin1", sliceOutputAt, sliceOutputAt + SEQUENCE_NUMBER_DIGITS);
    const end = recordEnd(slice.body, at);
    this.#writeRecords(slice, at, end, () => number);
    return end - at;
  }

  #writeInScript(slice: RecordSlice): void {
    this.#flush();
    const numbers = new SequenceNumberSeries(encodeSequenceNumber(slice.first));
    this.#writeRecords(slice, slice.start, slice.end, () => numbers.next());
  }

  #writeRecords(slice: RecordSlice, start: number, end: number, nextNumber: () => string): void {
    const format = this.#format;
    const frame = format.frameOf(slice);
    const body = Buffer.from(slice.body.buffer, slice.body.byteOffset, slice.body.byteLength);
    forEachRecord(body, start, end, (keyStart, keyBytes, dataStart, dataBytes) => {
      this.#reserve(format.rowBytesMax(keyBytes, dataBytes));
      const row = { body, keyStart, keyBytes, dataStart, dataBytes, sequenceNumber: nextNumber() };
      this.#end = format.writeRow(row, frame, this.#out, this.#end);
    });
  }

  /** Copies the rows in the output slice behind those before. */
  #flush(): void {
    const bytes = this.#outputEnd - sliceOutputAt;
    if (bytes === 0 || this.#wasm === undefined) return;
    this.#reserve(bytes);
    const { buffer } = this.#wasm.memory;
    this.#out.set(new Uint8Array(buffer, sliceOutputAt, bytes), this.#end);
    this.#end += bytes;
    this.#outputEnd = sliceOutputAt;
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes + this.#margins.after;
    if (needed <= this.#out.length) return;
    const grown = messageBuffers.take(Math.max(needed, this.#out.length * 2));
    this.#out.copy(grown.bytes, 0, 0, this.#end);
    this.#lease[Symbol.dispose]();
    this.#lease = grown;
    this.#out = grown.bytes;
  }
}
