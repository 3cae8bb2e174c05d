import { forEachRecord, recordEnd } from "../../records/entry-layout.ts";
import type { RecordSlice } from "../../records/stored-records.ts";
import { sliceInputAt, sliceInputBytes, sliceOutputAt, sliceOutputBytes } from "../../records/wasm-memory.ts";
import type { WasmModule } from "../../records/wasm-module.ts";
import { encodeSequenceNumber, SequenceNumberSeries } from "../../streams/positions/sequence-number.ts";
import type { PayloadMargins } from "./record-responses.ts";
import { releaseResponse, takeResponseMemory } from "./response-memory.ts";

/** What is the same in all rows of a run, a byte per character. */
export interface RowFrame extends FrameBehindData {
  readonly beforeData: string;
}

export interface FrameBehindData {
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
  /** What writes the same rows as `writeRow()`. */
  readonly kernel: "writeJsonRows" | "writeCborRows";
  frameOf(run: RecordSlice): RowFrame;
  /** About how much stored records become. */
  bytesExpected(recordCount: number, storedBytes: number): number;
  rowBytesMax(keyBytes: number, dataBytes: number): number;
  /** Returns the offset behind the row. */
  writeRow(row: StoredRow, frame: RowFrame, out: Buffer, at: number): number;
}

/** Where wasm/record-rows.ts wants the texts of a frame, and their room there. */
const places = [
  { text: "beforeData", at: 64, bytesMax: 80, lengthAt: 272 },
  { text: "beforeKey", at: 144, bytesMax: 48, lengthAt: 276 },
  { text: "withoutKey", at: 192, bytesMax: 48, lengthAt: 280 },
  { text: "beforeNumber", at: 240, bytesMax: 32, lengthAt: 284 },
] as const;

const SEQUENCE_NUMBER_DIGITS = 56;
const sliceOutputEnd = sliceOutputAt + sliceOutputBytes;

export interface RowSetting {
  /** What the answer begins with. */
  readonly head: Uint8Array;
  readonly room: PayloadMargins;
  readonly machine: WasmModule | undefined;
}

/**
 * Writes records from their stored bytes: no object and no copy per record. The kernels do it, a slice of their small
 * memory at a time; the format itself where there are no kernels, and for a record larger than a slice.
 */
export class RowWriter {
  readonly #format: RowFormat;
  readonly #room: PayloadMargins;
  readonly #machine: WasmModule | undefined;
  #out: Buffer;
  #end: number;
  /** Where the rows end that the kernels have written and that are not in `#out` yet. */
  #sliceEnd = sliceOutputAt;
  /** What the kernels have of the run before. */
  #last: RecordSlice | undefined;
  #lastFrame: RowFrame | undefined;

  /** The memory is from `takeResponseMemory()`; the room around the answer stays as it is. */
  constructor(format: RowFormat, runs: readonly RecordSlice[], { head, room, machine }: RowSetting) {
    this.#format = format;
    this.#room = room;
    this.#machine = machine;
    let bytes = room.before + head.length + room.after;
    for (const { count, start, end } of runs) bytes += format.bytesExpected(count, end - start);
    this.#out = takeResponseMemory(bytes);
    this.#out.set(head, room.before);
    this.#end = room.before + head.length;
    for (const run of runs) this.#write(run);
  }

  /** Puts the last bytes in the place of as many as are dropped. Returns the answer with its room. */
  finish(tail: string, droppedBytes: number): Buffer {
    this.#flush();
    this.#end -= droppedBytes;
    this.#reserve(tail.length);
    this.#end += this.#out.write(tail, this.#end, "latin1");
    return this.#out.subarray(0, this.#end + this.#room.after);
  }

  #write(run: RecordSlice): void {
    const machine = this.#machine;
    if (machine === undefined || !this.#begin(run, machine)) {
      this.#writePlainly(run);
      return;
    }
    const { calls, memory } = machine;
    const { kernel } = this.#format;
    const { body, end } = run;
    for (let at = run.start; at < end; ) {
      const inputEnd = sliceInputAt + Math.min(end - at, sliceInputBytes);
      memory.set(new Uint8Array(body.buffer, body.byteOffset + at, inputEnd - sliceInputAt), sliceInputAt);
      let from = sliceInputAt;
      for (;;) {
        const sliceEnd = this.#sliceEnd;
        this.#sliceEnd = calls[kernel](from, inputEnd, sliceEnd, sliceOutputEnd);
        from = calls.rowsReadTo.value;
        // It stops for want of room, or because the next record is not whole here.
        if (from === inputEnd || sliceEnd === sliceOutputAt) break;
        this.#flush();
      }
      at += from === sliceInputAt ? this.#writeLarge(run, at, machine) : from - sliceInputAt;
    }
    this.#last = run;
  }

  /** Tells the kernels what they need of a run. False when a text has no room there. */
  #begin(run: RecordSlice, { calls, memory }: WasmModule): boolean {
    const last = this.#last;
    const lastFrame = this.#lastFrame;
    this.#last = undefined;
    this.#lastFrame = undefined;
    const at = calls.rowFrame();
    const isAlike = last?.arrivalMs === run.arrivalMs && last.kms === run.kms;
    const frame = isAlike && lastFrame !== undefined ? lastFrame : this.#format.frameOf(run);
    for (const place of frame === lastFrame ? [] : places) {
      const text = frame[place.text];
      if (text === lastFrame?.[place.text]) continue;
      if (text.length > place.bytesMax) return false;
      memory.write(text, at + place.at, "latin1");
      memory.writeUInt32LE(text.length, at + place.lengthAt);
    }
    this.#lastFrame = frame;
    const { createSecond, shardIndex, position, second } = run.first;
    const goesOn =
      last?.first.second === second &&
      last.first.shardIndex === shardIndex &&
      last.first.position + BigInt(last.count) === position;
    if (!goesOn) calls.beginSeries(at, createSecond, shardIndex, position, second);
    return true;
  }

  /** A record larger than a slice, whose number is the next that the kernels have. Returns its length. */
  #writeLarge(run: RecordSlice, at: number, { calls, memory }: WasmModule): number {
    calls.writeNext(calls.rowFrame(), sliceOutputAt);
    const number = memory.toString("latin1", sliceOutputAt, sliceOutputAt + SEQUENCE_NUMBER_DIGITS);
    const end = recordEnd(run.body, at);
    this.#writeRows(run, at, end, () => number);
    return end - at;
  }

  #writePlainly(run: RecordSlice): void {
    this.#flush();
    const numbers = new SequenceNumberSeries(encodeSequenceNumber(run.first));
    this.#writeRows(run, run.start, run.end, () => numbers.next());
  }

  #writeRows(run: RecordSlice, start: number, end: number, nextNumber: () => string): void {
    const format = this.#format;
    const frame = format.frameOf(run);
    const body = Buffer.from(run.body.buffer, run.body.byteOffset, run.body.byteLength);
    forEachRecord(body, start, end, (keyStart, keyBytes, dataStart, dataBytes) => {
      this.#reserve(format.rowBytesMax(keyBytes, dataBytes));
      const row = { body, keyStart, keyBytes, dataStart, dataBytes, sequenceNumber: nextNumber() };
      this.#end = format.writeRow(row, frame, this.#out, this.#end);
    });
  }

  /** Copies the rows of the kernels behind those before. */
  #flush(): void {
    const bytes = this.#sliceEnd - sliceOutputAt;
    if (bytes === 0 || this.#machine === undefined) return;
    this.#reserve(bytes);
    const { buffer } = this.#machine.memory;
    this.#out.set(new Uint8Array(buffer, sliceOutputAt, bytes), this.#end);
    this.#end += bytes;
    this.#sliceEnd = sliceOutputAt;
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes + this.#room.after;
    if (needed <= this.#out.length) return;
    const grown = takeResponseMemory(Math.max(needed, this.#out.length * 2));
    this.#out.copy(grown, 0, 0, this.#end);
    releaseResponse(this.#out);
    this.#out = grown;
  }
}
