import { wasmBase64 } from "./wasm.generated.ts";
import { layOutPoolAt, WasmAllocator } from "./wasm-memory.ts";

/** What wasm/ exports. Addresses and lengths are plain numbers; see there for what each call promises. */
interface KernelCalls {
  readonly memory: { readonly buffer: ArrayBuffer };
  scanPutRecords(text: number, textBytes: number, columns: number, decoded: number): number;
  scanPutRecord(text: number, textBytes: number, columns: number, decoded: number): number;
  restOfPut(): number;
  scanCborPutRecords(text: number, textBytes: number, columns: number): number;
  scanCborPutRecord(text: number, textBytes: number, columns: number): number;
  restOfCborPut(): number;
  layOutGroups(): number;
  layOutTargets(): number;
  layOutRecords(count: number, dataStart: number, dataBytes: number, keyStart: number, keyBytes: number): void;
  beginSeries(series: number, createSecond: number, shardIndex: number, position: bigint, second: number): void;
  writeNext(series: number, out: number): void;
  beginRuns(
    runs: number,
    count: number,
    createSeconds: number,
    shardIndexes: number,
    positions: number,
    seconds: number,
    tail: number,
    digitsAt: number,
  ): void;
  writePutRows(runs: number, runOfRecord: number, count: number, out: number): number;
  writeCborPutRows(runs: number, runOfRecord: number, count: number, out: number): number;
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

export interface WasmModule {
  readonly calls: KernelCalls;
  /** The whole memory; an address is an index. */
  readonly memory: Buffer;
  readonly spans: WasmAllocator;
  /** Where entries are laid out, one request at a time. */
  readonly layOutPool: Buffer;
}

/** The types of Node leave WebAssembly to those of browsers. */
declare const WebAssembly: {
  readonly Module: new (binary: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

let made: WasmModule | "none" | undefined;

/** One instance for the process, made at first use. Undefined on a machine that cannot run it: all of it is optional. */
export function wasmModule(): WasmModule | undefined {
  made ??= makeKernels() ?? "none";
  return made === "none" ? undefined : made;
}

function makeKernels(): WasmModule | undefined {
  try {
    const module = new WebAssembly.Module(Buffer.from(wasmBase64, "base64"));
    const calls = new WebAssembly.Instance(module).exports as KernelCalls;
    const memory = Buffer.from(calls.memory.buffer);
    return { calls, memory, spans: new WasmAllocator(), layOutPool: memory.subarray(layOutPoolAt) };
  } catch {
    // No SIMD, or no room in the address space.
    return undefined;
  }
}
