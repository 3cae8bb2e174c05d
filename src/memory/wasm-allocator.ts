import assert from "node:assert/strict";
import type { Lease } from "./buffer-pool.ts";

const pageBytes = 16 * 1024;

/**
 * Allocates consecutive pages of WebAssembly memory, the lowest that fit, so that no more of it is ever touched than was
 * once in use together.
 */
export class WasmAllocator {
  readonly memory: Buffer;
  readonly #start: number;
  /** By page: how many pages the lease has that begins here; 0 where free, and inside of a lease. */
  readonly #pages: Uint16Array;
  /** No page below it is free. */
  #firstFree = 0;

  /** Allocates the `byteCount` bytes from `start` on; both are whole pages of 16 KiB. */
  constructor(memory: Buffer, start: number, byteCount: number) {
    this.memory = memory;
    this.#start = start;
    this.#pages = new Uint16Array(byteCount / pageBytes);
  }

  /** A lease of `bytes`; undefined when no free piece is as long. */
  take(bytes: number): WasmLease | undefined {
    const pages = this.#pages;
    const count = Math.ceil(bytes / pageBytes);
    let first = this.#firstFree;
    let end = first;
    while (end - first < count) {
      if (end === pages.length) return undefined;
      const taken = pages[end] as number;
      if (taken === 0) {
        end += 1;
      } else {
        end += taken;
        first = end;
      }
    }
    pages[first] = count;
    if (first === this.#firstFree) this.#firstFree = end;
    return new WasmLease(this.#start + first * pageBytes, bytes, this);
  }

  /** For leases alone. `at` is the address of one. */
  giveBack(at: number): void {
    const first = (at - this.#start) / pageBytes;
    this.#pages[first] = 0;
    if (first < this.#firstFree) this.#firstFree = first;
  }
}

export class WasmLease implements Lease {
  /** The address of its first byte. */
  readonly at: number;
  readonly #byteCount: number;
  readonly #allocator: WasmAllocator;
  #isHeld = true;

  constructor(at: number, byteCount: number, allocator: WasmAllocator) {
    this.at = at;
    this.#byteCount = byteCount;
    this.#allocator = allocator;
  }

  get bytes(): Buffer {
    assert(this.#isHeld, "a lease is not used after it was disposed of");
    return this.#allocator.memory.subarray(this.at, this.at + this.#byteCount);
  }

  [Symbol.dispose](): void {
    assert(this.#isHeld, "a lease is disposed of once");
    this.#isHeld = false;
    this.#allocator.giveBack(this.at);
  }
}
