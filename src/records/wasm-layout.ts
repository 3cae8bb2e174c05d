/*
 * The memory of the WebAssembly module, which is reserved once and never grows; the system gives it pages as they are
 * first touched. From address 0 on:
 *
 *   the module's own data, 64 KiB | memory for requests (`WasmAllocator`), 64 MiB | input slice | output slice |
 *   the entries of one request, 11 MiB
 */
const WASM_PAGE_BYTES = 65_536;

const MODULE_DATA_BYTES = 65_536;
export const requestHeapAt = MODULE_DATA_BYTES;
/** Bytes for all requests in flight. When they are used up, further requests take the general path. */
export const requestHeapBytes = 64 * 1024 * 1024;
/** Bytes of these for bodies in flight, at most: bodies that never become whole must not keep others from the module. */
export const bodyBytesMax = 32 * 1024 * 1024;
/** What the module may read behind a text: a zero byte, and a little beyond. */
export const textSlackBytes = 65;

/** Stored records, and what they are written as: small enough that both stay in the cache of one core. */
export const sliceInputAt = requestHeapAt + requestHeapBytes;
export const sliceInputBytes = 128 * 1024;
/** The module reads and writes a little beyond. */
const SLICE_SLACK_BYTES = 64;
export const sliceOutputAt = sliceInputAt + sliceInputBytes + SLICE_SLACK_BYTES;
export const sliceOutputBytes = 256 * 1024;
/** Bytes of both slices. */
const SLICES_BYTES = 7 * WASM_PAGE_BYTES;

export const entriesAt = sliceInputAt + SLICES_BYTES;
/** A request holds at most 10 MiB of data and keys; every header fits beside them. */
const ENTRIES_BYTES = 11 * 1024 * 1024;

export const wasmMemoryPages = (entriesAt + ENTRIES_BYTES) / WASM_PAGE_BYTES;
