import { checksumWasmBase64 } from "./checksum-wasm.generated.ts";

const pageBytes = 65_536;
/** In front of what is given out: what the module needs for itself. */
const kernelBytes = pageBytes;

/** CRC-32 of bytes of one memory, whose addresses are counted from its beginning; see wasm/checksum.ts. */
export type ChecksumKernel = (address: number, byteCount: number, before: number) => number;

/** The types of Node leave WebAssembly to those of browsers. */
declare const WebAssembly: {
  readonly Module: new (binary: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  readonly Memory: new (size: { readonly initial: number; readonly maximum: number }) => WasmMemory;
};

interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** A module once it has been needed; "none" on a machine that cannot run it. */
let module: object | "none" | undefined;

const memories = new WeakMap<ArrayBufferLike, LogMemory>();

class LogMemory {
  readonly #memory: WasmMemory;
  #kernel: ChecksumKernel | "none" | undefined;

  constructor(memory: WasmMemory) {
    this.#memory = memory;
  }

  get kernel(): ChecksumKernel | undefined {
    this.#kernel ??= makeKernel(this.#memory);
    return this.#kernel === "none" ? undefined : this.#kernel;
  }
}

/**
 * Zeroed memory that begins at a page of the system. Only WebAssembly's does: direct writes from Buffers and ArrayBuffers
 * fail with EINVAL. And so its checksums can be computed where it lies.
 */
export function allocateAligned(byteCount: number): Buffer {
  const pages = Math.ceil((kernelBytes + byteCount) / pageBytes);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  memories.set(memory.buffer, new LogMemory(memory));
  return Buffer.from(memory.buffer, kernelBytes, byteCount);
}

/** What computes checksums in the memory that a view is of; undefined where nothing can. Made when it is first asked for. */
export function checksumKernelOf(buffer: ArrayBufferLike): ChecksumKernel | undefined {
  return memories.get(buffer)?.kernel;
}

function makeKernel(memory: WasmMemory): ChecksumKernel | "none" {
  try {
    module ??= new WebAssembly.Module(Buffer.from(checksumWasmBase64, "base64"));
    if (module === "none") return "none";
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    return (exports as { readonly checksum: ChecksumKernel }).checksum;
  } catch {
    // No SIMD: nothing is lost but speed.
    module = "none";
    return "none";
  }
}
