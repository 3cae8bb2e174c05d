import type { Lease } from "../../memory/buffer-pool.ts";
import type { WasmLease } from "../../memory/wasm-allocator.ts";
import { bodyBytesMax, textSlackBytes } from "../../records/wasm-layout.ts";
import { wasmModule } from "../../records/wasm-module.ts";

/** Memory for request bodies in flight where the WebAssembly module can scan them, up to a bound of all together. */
export class WasmBodyMemory {
  #bytes = 0;

  /** A lease of exactly `bytes`; undefined without the module, or when its memory or the bound is used up. */
  take(bytes: number): Lease | undefined {
    if (this.#bytes + bytes > bodyBytesMax) return undefined;
    const lease = wasmModule()?.allocator.take(bytes + textSlackBytes);
    if (lease === undefined) return undefined;
    this.#bytes += bytes;
    return new BodyLease(lease, bytes, () => {
      this.#bytes -= bytes;
    });
  }
}

class BodyLease implements Lease {
  readonly bytes: Buffer;
  readonly #lease: WasmLease;
  readonly #onDispose: () => void;

  constructor(lease: WasmLease, bytes: number, onDispose: () => void) {
    this.bytes = lease.bytes.subarray(0, bytes);
    this.#lease = lease;
    this.#onDispose = onDispose;
  }

  [Symbol.dispose](): void {
    this.#lease[Symbol.dispose]();
    this.#onDispose();
  }
}
