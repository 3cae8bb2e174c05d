/*
 * The memory of the kernels: what they keep for themselves, spans for requests, a slice of what is being read and of what it
 * becomes, room to lay out entries. It is reserved once and never grows; the system gives it pages as they are first touched.
 */
const WASM_PAGE_BYTES = 65_536;
const KERNELS_OWN_BYTES = 65_536;
/** Of all requests that are being handled at once. When it is used up, the next ones take the general path. */
const SPAN_BYTES_MAX = 64 * 1024 * 1024;
/** Of these, bodies that are on their way may take so much: one that never becomes whole must not cost others the kernels. */
export const TEXT_SPAN_BYTES_MAX = 32 * 1024 * 1024;
/** What the kernels read or write behind a text: a zero byte, and a little beyond. */
export const TEXT_SLACK_BYTES = 65;
const SPAN_PAGE_BYTES = 16 * 1024;

/** Small enough that both slices stay in a core's own cache. The kernels read and write a little beyond. */
export const sliceInputBytes = 128 * 1024;
export const sliceOutputBytes = 256 * 1024;
const SLICE_SLACK_BYTES = 64;
const SLICES_BYTES = 7 * WASM_PAGE_BYTES;

/** A request holds at most 10 MiB of data and keys; this is room for that and for every header. */
const LAY_OUT_POOL_BYTES = 11 * 1024 * 1024;

export const sliceInputAt = KERNELS_OWN_BYTES + SPAN_BYTES_MAX;
export const sliceOutputAt = sliceInputAt + sliceInputBytes + SLICE_SLACK_BYTES;
export const layOutPoolAt = sliceInputAt + SLICES_BYTES;
export const wasmMemoryPages = (layOutPoolAt + LAY_OUT_POOL_BYTES) / WASM_PAGE_BYTES;

/**
 * Gives out runs of pages, the lowest that fit, so that no more memory is ever touched than was once in use together.
 * Places are addresses in the kernels' memory.
 */
export class WasmAllocator {
  /** By page: how many pages the span has that begins here; `inside` within a span, 0 where free. */
  readonly #pages: Uint16Array;
  /** Below it nothing is free. */
  #firstFree = 0;

  constructor(bytes = SPAN_BYTES_MAX) {
    this.#pages = new Uint16Array(bytes / SPAN_PAGE_BYTES);
  }

  /** The address of at least `bytes`, or 0 when there is no such room. What lies there is rubbish. */
  take(bytes: number): number {
    const pages = this.#pages;
    const count = Math.ceil(bytes / SPAN_PAGE_BYTES);
    let first = this.#firstFree;
    let end = first;
    while (end - first < count) {
      if (end === pages.length) return 0;
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
    return KERNELS_OWN_BYTES + first * SPAN_PAGE_BYTES;
  }

  /** `address` is what `take()` gave; once. */
  giveBack(address: number): void {
    const first = (address - KERNELS_OWN_BYTES) / SPAN_PAGE_BYTES;
    this.#pages[first] = 0;
    if (first < this.#firstFree) this.#firstFree = first;
  }
}
