import { WasmAllocator, type WasmLease } from "../memory/wasm-allocator.ts";
import { webAssembly } from "../platform/web-assembly.ts";
import { wasmBase64 } from "./wasm.generated.ts";
import { entriesAt, requestHeapAt, requestHeapBytes } from "./wasm-layout.ts";

/** What wasm/ exports. Addresses and lengths are plain numbers; see there for what each call promises. */
interface WasmExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  scanPutRecords(text: number, textBytes: number, columns: number, decoded: number): number;
  scanPutRecord(text: number, textBytes: number, columns: number, decoded: number): number;
  otherMembers(): number;
  scanCborPutRecords(text: number, textBytes: number, columns: number): number;
  scanCborPutRecord(text: number, textBytes: number, columns: number): number;
  batchesOfRecords(): number;
  batchTargets(): number;
  writeRecords(count: number, dataStart: number, dataBytes: number, keyStart: number, keyBytes: number): void;
  beginSeries(series: number, createSecond: number, shardIndex: number, position: bigint, second: number): void;
  writeNext(series: number, out: number): void;
  beginBatches(
    batches: number,
    count: number,
    createSeconds: number,
    shardIndexes: number,
    positions: number,
    seconds: number,
    tail: number,
    digitsAt: number,
  ): void;
  writePutRows(batches: number, batchOfRecord: number, count: number, out: number): number;
  writeCborPutRows(batches: number, batchOfRecord: number, count: number, out: number): number;
  rowFrame(): number;
  writeJsonRows(at: number, end: number, out: number, outEnd: number): number;
  writeCborRows(at: number, end: number, out: number, outEnd: number): number;
  readonly rowsReadTo: { readonly value: number };
  encodeBase64(from: number, bytes: number, out: number): number;
  decodeBase64(at: number, out: number): number;
  readonly decodedEnd: { readonly value: number };
  hashKey(key: number, bytes: number, target: number): void;
  flushKeys(): void;
  decimalWords(at: number, digits: number, target: number): number;
}

/** The state of a series of sequence numbers, as wasm/sequence-number.ts has it. */
export const SERIES_BYTES = 56;
export const SEQUENCE_NUMBER_DIGITS = 56;

export interface WasmModule {
  readonly calls: WasmExports;
  /** The whole memory; an address is an index. */
  readonly memory: Buffer;
  /** The part of the memory that requests share. */
  readonly allocator: WasmAllocator;
  /** For the entries of one request at a time. */
  readonly entries: Buffer;
  /** For one series of sequence numbers and its digits; see `sequenceNumberText()`. */
  readonly series: WasmLease;
}

let instance: WasmModule | "none" | undefined;

/** One instance for the process, made at first use. Undefined where it cannot run; every use of it is optional. */
export function wasmModule(): WasmModule | undefined {
  instance ??= instantiate() ?? "none";
  return instance === "none" ? undefined : instance;
}

function instantiate(): WasmModule | undefined {
  try {
    const module = new webAssembly.Module(Buffer.from(wasmBase64, "base64"));
    const calls = new webAssembly.Instance(module).exports as WasmExports;
    const memory = Buffer.from(calls.memory.buffer);
    const allocator = new WasmAllocator(memory, requestHeapAt, requestHeapBytes);
    const series = allocator.take(SERIES_BYTES + SEQUENCE_NUMBER_DIGITS);
    return series && { calls, memory, allocator, entries: memory.subarray(entriesAt), series };
  } catch {
    // No SIMD, or not enough address space.
    return undefined;
  }
}
