import type { BoundStructure } from "../../model/validate.ts";
import type { IncomingRecords } from "../../records/incoming-records.ts";
import { TEXT_SLACK_BYTES } from "../../records/wasm-memory.ts";
import { type WasmModule, wasmModule } from "../../records/wasm-module.ts";
import { HASH_KEY_WORDS } from "../../streams/hash-keys/hash-key.ts";
import { RECORD_COUNT_MAX } from "./record-columns.ts";

/** The kernels write a little beyond what they decode. */
const DECODED_SLACK_BYTES = 16;
/** A row of the columns: hash key, data's place and length, key's place and length. */
export const ROW_BYTES = 30;

/** An ordinary put as the kernels found it: well-formed to its last byte, its records within their constraints. */
export class ScannedPut {
  readonly records: IncomingRecords;
  /** The other members, bound to their types but not validated. */
  readonly rest: BoundStructure;

  constructor(records: IncomingRecords, rest: BoundStructure) {
    this.records = records;
    this.rest = rest;
  }

  /** Once, when nothing looks at the records any more. */
  release(): void {
    this.records.release?.();
  }
}

/**
 * Scans the JSON of a PutRecords or PutRecord; copies it first, unless it was received where the kernels can read it. The
 * records' keys stay in it. Undefined when anything at all is unusual, or no memory is left: then the general path
 * decides, and words the error if it is one.
 */
export function scanPut(name: "PutRecord" | "PutRecords", body: Uint8Array): ScannedPut | undefined {
  const machine = wasmModule();
  if (machine === undefined) return undefined;
  const { calls, memory, spans } = machine;
  const capacity = name === "PutRecords" ? RECORD_COUNT_MAX : 1;
  const decodedAt = capacity * ROW_BYTES;
  const textAt = decodedAt + Math.ceil(body.length * 0.75) + DECODED_SLACK_BYTES;
  const isHere = body.buffer === memory.buffer;
  const columns = spans.take(isHere ? textAt : textAt + body.length + TEXT_SLACK_BYTES);
  if (columns === 0) return undefined;
  const text = isHere ? body.byteOffset : columns + textAt;
  if (!isHere) memory.set(body, text);
  memory[text + body.length] = 0;
  const scan = name === "PutRecords" ? calls.scanPutRecords : calls.scanPutRecord;
  const count = scan(text, body.length, columns, columns + decodedAt);
  if (count === 0) {
    spans.giveBack(columns);
    return undefined;
  }
  return new ScannedPut(columnsAt(columns, { capacity, count, machine }), restOf(machine, machine.calls.restOfPut()));
}

/** The views of one place and size. Spans come to lie at few places, and a view costs as much as scanning a small record. */
interface ColumnViews {
  readonly count: number;
  readonly dataStart: Uint32Array;
  readonly dataBytes: Uint32Array;
  readonly keyStart: Uint32Array;
  readonly keyBytes: Uint16Array;
  readonly hashKeys: Uint32Array;
}

const viewPlacesMax = 1024;
/** By place: the views that were made last. */
const viewsOfOne = new Map<number, ColumnViews>();
const viewsOfMany = new Map<number, ColumnViews>();

interface Columns {
  readonly capacity: number;
  readonly count: number;
  readonly machine: WasmModule;
}

/** What the kernels have put there. */
export function columnsAt(columns: number, { capacity, count, machine }: Columns): IncomingRecords {
  const { memory, spans } = machine;
  const known = capacity === 1 ? viewsOfOne : viewsOfMany;
  let views = known.get(columns);
  if (views?.count !== count) {
    views = viewsAt(columns, { capacity, count, machine });
    if (known.size < viewPlacesMax || known.has(columns)) known.set(columns, views);
  }
  let released = false;
  const { dataStart, dataBytes, keyStart, keyBytes, hashKeys } = views;
  const release = (): void => {
    if (released) return;
    released = true;
    spans.giveBack(columns);
  };
  return { count, bytes: memory, dataStart, dataBytes, keyStart, keyBytes, hashKeys, release };
}

function viewsAt(columns: number, { capacity, count, machine }: Columns): ColumnViews {
  const { buffer } = machine.memory;
  const dataStart = columns + capacity * 16;
  const dataBytes = dataStart + capacity * 4;
  const keyStart = dataBytes + capacity * 4;
  const keyBytes = keyStart + capacity * 4;
  return {
    count,
    dataStart: new Uint32Array(buffer, dataStart, count),
    dataBytes: new Uint32Array(buffer, dataBytes, count),
    keyStart: new Uint32Array(buffer, keyStart, count),
    keyBytes: new Uint16Array(buffer, keyBytes, count),
    hashKeys: new Uint32Array(buffer, columns, count * HASH_KEY_WORDS),
  };
}

/** By place: each scanner has its own. */
const restWords = new Map<number, Uint32Array>();

/** As wasm/scan-put.ts leaves it: three pairs of begin and end, 0 where absent; then DryRun. */
export function restOf({ memory }: WasmModule, at: number): BoundStructure {
  let words = restWords.get(at);
  if (words === undefined) {
    words = new Uint32Array(memory.buffer, at, 7);
    restWords.set(at, words);
  }
  const rest: Record<string, string | boolean> = {};
  if (words[0] !== 0) rest["StreamName"] = memory.toString("latin1", words[0], words[1]);
  if (words[2] !== 0) rest["StreamARN"] = memory.toString("latin1", words[2], words[3]);
  if (words[4] !== 0) rest["SequenceNumberForOrdering"] = memory.toString("latin1", words[4], words[5]);
  if (words[6] !== 0) rest["DryRun"] = words[6] === 2;
  return rest;
}
