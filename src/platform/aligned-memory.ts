import { type WasmMemory, webAssembly } from "./web-assembly.ts";

const wasmPageBytes = 65_536;
/** The first page of each memory, kept for the stack of a module that is instantiated over it. */
const reservedBytes = wasmPageBytes;

const memories = new WeakMap<ArrayBufferLike, WasmMemory>();

/**
 * Zeroed memory that begins at a page of the system, as direct I/O requires. Node aligns Buffers and ArrayBuffers to 8 or 16
 * bytes only; the memory of WebAssembly is mapped, so it begins at a page. It is never freed while a view of it exists.
 */
export function allocateAligned(byteCount: number): Buffer {
  const pages = Math.ceil((reservedBytes + byteCount) / wasmPageBytes);
  const memory = new webAssembly.Memory({ initial: pages, maximum: pages });
  memories.set(memory.buffer, memory);
  return Buffer.from(memory.buffer, reservedBytes, byteCount);
}

/** The memory that `allocateAligned()` made for this buffer; undefined for any other buffer. */
export function wasmMemoryOf(buffer: ArrayBufferLike): WasmMemory | undefined {
  return memories.get(buffer);
}
