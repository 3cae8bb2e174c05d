import type { BoundStructure } from "../../model/validate.ts";
import type { IncomingRecords } from "../../records/incoming-records.ts";
import type { PutOperation } from "../../records/operation-io.ts";
import { textSlackBytes } from "../../records/wasm-layout.ts";
import { type WasmModule, wasmModule } from "../../records/wasm-module.ts";
import { HASH_KEY_WORDS } from "../../streams/hash-keys/hash-key.ts";
import type { OrdinaryPut } from "./parsed-put.ts";
import { RECORD_COUNT_MAX } from "./put-columns.ts";

/** The module writes a little beyond what it decodes. */
const DECODED_SLACK_BYTES = 16;

/** Addresses of one request in the module's memory. */
interface Addresses {
  readonly text: number;
  readonly columns: number;
  /** Behind the columns. */
  readonly decoded: number;
}

/** Returns the number of records; 0 when anything is unusual. */
type Scanner = (wasm: WasmModule, name: PutOperation, textBytes: number, at: Addresses) => number;

/**
 * Scans the JSON of a put. Keys stay in it. Undefined when anything at all is unusual, or the WebAssembly module's memory
 * is used up: then the general path decides, and words the error if there is one.
 */
export function scanJsonPut(name: PutOperation, body: Uint8Array): OrdinaryPut | undefined {
  return scanPut(name, body, Math.ceil(body.length * 0.75) + DECODED_SLACK_BYTES, scanJson);
}

/** As `scanJsonPut()`, for CBOR; data and keys stay in the body. */
export function scanCborPut(name: PutOperation, body: Uint8Array): OrdinaryPut | undefined {
  return scanPut(name, body, 0, scanCbor);
}

function scanJson({ calls, memory }: WasmModule, name: PutOperation, textBytes: number, at: Addresses): number {
  memory[at.text + textBytes] = 0;
  const scan = name === "PutRecords" ? calls.scanPutRecords : calls.scanPutRecord;
  return scan(at.text, textBytes, at.columns, at.decoded);
}

function scanCbor({ calls }: WasmModule, name: PutOperation, textBytes: number, at: Addresses): number {
  const scan = name === "PutRecords" ? calls.scanCborPutRecords : calls.scanCborPutRecord;
  return scan(at.text, textBytes, at.columns);
}

/** Copies the body first, unless it was received where the module can read it. */
function scanPut(name: PutOperation, body: Uint8Array, decodedBytes: number, scan: Scanner): OrdinaryPut | undefined {
  const wasm = wasmModule();
  if (wasm === undefined) return undefined;
  const { memory, allocator } = wasm;
  const capacity = capacityOf(name);
  const decodedAt = columnBytes(capacity);
  const textAt = decodedAt + decodedBytes;
  const isHere = body.buffer === memory.buffer;
  const lease = allocator.take(isHere ? textAt : textAt + body.length + textSlackBytes);
  if (lease === undefined) return undefined;
  const columns = lease.at;
  const text = isHere ? body.byteOffset : columns + textAt;
  if (!isHere) memory.set(body, text);
  const count = scan(wasm, name, body.length, { text, columns, decoded: columns + decodedAt });
  if (count === 0) {
    lease[Symbol.dispose]();
    return undefined;
  }
  return { records: columnsAt(columns, { capacity, count, wasm }), rest: otherMembers(wasm), lease };
}

function capacityOf(name: PutOperation): number {
  return name === "PutRecords" ? RECORD_COUNT_MAX : 1;
}

/*
 * Columns as wasm/put-columns.ts makes them, each for `capacity` records:
 *
 *   u32[4] hash key | u32 address of the data | u32 its bytes | u32 address of the key | u16 its bytes
 */
const WORD_BYTES = 4;
const HASH_KEY_BYTES = HASH_KEY_WORDS * WORD_BYTES;
const KEY_LENGTH_BYTES = 2;

function columnBytes(capacity: number): number {
  return capacity * (HASH_KEY_BYTES + 3 * WORD_BYTES + KEY_LENGTH_BYTES);
}

interface ColumnViews {
  readonly count: number;
  readonly dataStart: Uint32Array;
  readonly dataBytes: Uint32Array;
  readonly keyStart: Uint32Array;
  readonly keyBytes: Uint16Array;
  readonly hashKeys: Uint32Array;
}

/*
 * The views of one address and size are kept, since leases begin at few addresses and a view takes as long to make as a
 * small record to scan.
 */
const viewedAddressesMax = 1024;
const viewsOfOne = new Map<number, ColumnViews>();
const viewsOfMany = new Map<number, ColumnViews>();

interface Columns {
  readonly capacity: number;
  readonly count: number;
  readonly wasm: WasmModule;
}

function columnsAt(columns: number, of: Columns): IncomingRecords {
  const { capacity, count, wasm } = of;
  const known = capacity === 1 ? viewsOfOne : viewsOfMany;
  let views = known.get(columns);
  if (views?.count !== count) {
    views = viewsAt(columns, of);
    if (known.size < viewedAddressesMax || known.has(columns)) known.set(columns, views);
  }
  const { dataStart, dataBytes, keyStart, keyBytes, hashKeys } = views;
  return { count, bytes: wasm.memory, dataStart, dataBytes, keyStart, keyBytes, hashKeys };
}

function viewsAt(columns: number, { capacity, count, wasm }: Columns): ColumnViews {
  const { buffer } = wasm.memory;
  const dataStart = columns + capacity * HASH_KEY_BYTES;
  const dataBytes = dataStart + capacity * WORD_BYTES;
  const keyStart = dataBytes + capacity * WORD_BYTES;
  const keyBytes = keyStart + capacity * WORD_BYTES;
  return {
    count,
    dataStart: new Uint32Array(buffer, dataStart, count),
    dataBytes: new Uint32Array(buffer, dataBytes, count),
    keyStart: new Uint32Array(buffer, keyStart, count),
    keyBytes: new Uint16Array(buffer, keyBytes, count),
    hashKeys: new Uint32Array(buffer, columns, count * HASH_KEY_WORDS),
  };
}

/*
 * The other members as wasm/put-columns.ts has them, in words of 32 bits: the address of a text's first byte, 0 where the
 * member is absent, and the address behind its last.
 *
 *   StreamName, its end | StreamARN, its end | SequenceNumberForOrdering, its end | DryRun
 */
const STREAM_NAME_WORD = 0;
const STREAM_ARN_WORD = STREAM_NAME_WORD + 2;
const ORDERING_WORD = STREAM_ARN_WORD + 2;
const DRY_RUN_WORD = ORDERING_WORD + 2;
const MEMBER_WORDS = DRY_RUN_WORD + 1;
/** DryRun is 0 where it is absent, 1 for false. */
const DRY_RUN_TRUE = 2;

/** By module, of which a process has one. */
const memberWords = new WeakMap<WasmModule, Uint32Array>();

function otherMembers(wasm: WasmModule): BoundStructure {
  const { calls, memory } = wasm;
  let words = memberWords.get(wasm);
  if (words === undefined) {
    words = new Uint32Array(memory.buffer, calls.otherMembers(), MEMBER_WORDS);
    memberWords.set(wasm, words);
  }
  const members: Record<string, string | boolean> = {};
  const name = words[STREAM_NAME_WORD];
  if (name !== 0) members["StreamName"] = memory.toString("latin1", name, words[STREAM_NAME_WORD + 1]);
  const arn = words[STREAM_ARN_WORD];
  if (arn !== 0) members["StreamARN"] = memory.toString("latin1", arn, words[STREAM_ARN_WORD + 1]);
  const ordering = words[ORDERING_WORD];
  if (ordering !== 0) {
    members["SequenceNumberForOrdering"] = memory.toString("latin1", ordering, words[ORDERING_WORD + 1]);
  }
  const dryRun = words[DRY_RUN_WORD];
  if (dryRun !== 0) members["DryRun"] = dryRun === DRY_RUN_TRUE;
  return members;
}
