import { wasmMemoryOf } from "../../../platform/aligned-memory.ts";
import { type WasmMemory, webAssembly } from "../../../platform/web-assembly.ts";
import { checksumWasmBase64 } from "./checksum-wasm.generated.ts";

/** CRC-32 of bytes of one memory, whose addresses count from its beginning; see wasm/checksum.ts. `seed` is the CRC so far. */
export type ChecksumFunction = (address: number, byteCount: number, seed: number) => number;

/** The compiled module, once it has been needed; "unsupported" on a machine that cannot run it. */
let compiled: object | "unsupported" | undefined;

/** By buffer, so that they go with their memory. */
const functions = new WeakMap<ArrayBufferLike, ChecksumFunction | "unsupported">();

/** The checksum function over the memory of a buffer of `allocateAligned()`; undefined for other buffers and without SIMD. */
export function wasmChecksumFor(buffer: ArrayBufferLike): ChecksumFunction | undefined {
  let found = functions.get(buffer);
  if (found === undefined) {
    const memory = wasmMemoryOf(buffer);
    if (memory === undefined) return undefined;
    found = instantiate(memory);
    functions.set(buffer, found);
  }
  return found === "unsupported" ? undefined : found;
}

function instantiate(memory: WasmMemory): ChecksumFunction | "unsupported" {
  try {
    compiled ??= new webAssembly.Module(Buffer.from(checksumWasmBase64, "base64"));
    if (compiled === "unsupported") return compiled;
    const { exports } = new webAssembly.Instance(compiled, { env: { memory } });
    return (exports as { readonly checksum: ChecksumFunction }).checksum;
  } catch {
    // Without SIMD only speed is lost: node:zlib computes the same.
    compiled = "unsupported";
    return compiled;
  }
}
