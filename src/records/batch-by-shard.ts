import assert from "node:assert/strict";
import { type Lease, messageBuffers } from "../memory/buffer-pool.ts";
import type { ShardMap } from "../streams/hash-keys/shard-map.ts";
import { ENTRY_HEADER_BYTES, encodedBytes, writeEntryHeader, writeRecord } from "./entry-layout.ts";
import type { IncomingRecords } from "./incoming-records.ts";
import { type WasmModule, wasmModule } from "./wasm-module.ts";

/**
 * The records of one request by shard, as columns with a row for each batch: one per shard that gets records, in the order
 * in which the request first names them.
 */
export interface ShardBatches {
  readonly batchCount: number;
  /** By batch: the shard's slot in the map that the records were routed by. */
  readonly slots: Uint16Array;
  /** By record; -1 where a record was not admitted. Within a batch records keep the order of the request. Only read. */
  readonly batchOfRecord: Int16Array;
  // What follows is valid until the next call of `batchByShard()`, and may be longer than there are batches.
  readonly recordCounts: Uint16Array;
  /** The entries' bodies, in the layout of `entry-layout.ts`. */
  readonly bytes: Uint8Array;
  readonly bodyStarts: Uint32Array;
  readonly bodyBytes: Uint32Array;
  /** The memory of `bytes`, the caller's to dispose of; absent when it is the WebAssembly module's. */
  readonly lease?: Lease | undefined;
}

interface BatchOptions {
  readonly kms: boolean;
  /** What `map.routeAll()` returned, where the caller has it already. */
  readonly slots?: Uint16Array | undefined;
}

/** By batch. `slots` holds what a request's own column is copied from. */
interface BatchColumns {
  readonly slots: Uint16Array;
  readonly recordCounts: Uint16Array;
  readonly bodyStarts: Uint32Array;
  readonly bodyBytes: Uint32Array;
  /** The offset that the next record of a batch is written to. */
  readonly writeAt: Uint32Array;
}

/** Columns that one request after another uses: each is batched and appended without an await in between. */
class Scratch {
  /** By slot: the batch of the current request, -1 for none. */
  #batchOfSlot = new Int16Array(0);
  #columns = columnsOf(1);

  /** For so many batches at least. */
  columns(batchCountMax: number): BatchColumns {
    if (this.#columns.slots.length < batchCountMax) this.#columns = columnsOf(batchCountMax);
    return this.#columns;
  }

  /** All of it is -1, as the caller leaves it. */
  batchOfSlot(slotCount: number): Int16Array {
    if (this.#batchOfSlot.length < slotCount) this.#batchOfSlot = new Int16Array(slotCount).fill(-1);
    return this.#batchOfSlot;
  }
}

function columnsOf(batchCount: number): BatchColumns {
  return {
    slots: new Uint16Array(batchCount),
    recordCounts: new Uint16Array(batchCount),
    bodyStarts: new Uint32Array(batchCount),
    bodyBytes: new Uint32Array(batchCount),
    writeAt: new Uint32Array(batchCount),
  };
}

const scratch = new Scratch();
/** The batches of a request of one record. */
const onlyBatch = Int16Array.of(0);

/**
 * Sorts records into one entry body per shard, copying each record once. `admitted` holds 1 for each record that takes
 * part; undefined means all.
 *
 * The result shares memory with that of the next call: append it (which copies) before anything is awaited.
 */
export function batchByShard(
  records: IncomingRecords,
  map: ShardMap,
  admitted: Uint8Array | undefined,
  options: BatchOptions,
): ShardBatches {
  const { count } = records;
  assert(count <= 0x7fff, "a request's records can be numbered with 15 bits");
  if (count === 1 && admitted === undefined) return batchOne(records, map, options);
  const columns = scratch.columns(count);
  const { slots, recordCounts, bodyStarts, bodyBytes, writeAt } = columns;
  const batchOfRecord = new Int16Array(count).fill(-1);
  const { batchCount, bytesTotal } = assignBatches(records, map, {
    admitted,
    routed: options.slots,
    batchOfRecord,
    columns,
  });

  const wasm = wasmHolding(records, bytesTotal);
  const lease = wasm === undefined ? messageBuffers.take(bytesTotal) : undefined;
  const bytes = wasm?.entries ?? (lease as Lease).bytes;
  for (let batch = 0, start = 0; batch < batchCount; batch += 1) {
    bodyStarts[batch] = start;
    writeAt[batch] = writeEntryHeader(bytes, start, options);
    start += bodyBytes[batch] as number;
  }
  if (wasm !== undefined) {
    writeInWasm(wasm, records, { batchOfRecord, batchCount, writeAt });
  } else {
    for (let i = 0; i < count; i += 1) {
      const batch = batchOfRecord[i] as number;
      if (batch >= 0) writeAt[batch] = writeRecord(bytes, writeAt[batch] as number, records, i);
    }
  }
  const ownSlots = slots.slice(0, batchCount);
  return { batchCount, slots: ownSlots, batchOfRecord, recordCounts, bytes, bodyStarts, bodyBytes, lease };
}

/** Fills `batchOfRecord`, and of the columns slots, record counts and lengths. */
function assignBatches(
  records: IncomingRecords,
  map: ShardMap,
  to: {
    readonly admitted: Uint8Array | undefined;
    readonly routed: Uint16Array | undefined;
    readonly batchOfRecord: Int16Array;
    readonly columns: BatchColumns;
  },
): { readonly batchCount: number; readonly bytesTotal: number } {
  const { admitted, routed, batchOfRecord } = to;
  const { slots, recordCounts, bodyBytes } = to.columns;
  const { count, hashKeys } = records;
  const batchOfSlot = scratch.batchOfSlot(map.shardCount);
  let batchCount = 0;
  let bytesTotal = 0;
  for (let i = 0; i < count; i += 1) {
    if (admitted !== undefined && admitted[i] !== 1) continue;
    const slot = routed === undefined ? map.route(hashKeys, i) : (routed[i] as number);
    let batch = batchOfSlot[slot] as number;
    if (batch < 0) {
      batch = batchCount;
      batchCount += 1;
      batchOfSlot[slot] = batch;
      slots[batch] = slot;
      recordCounts[batch] = 0;
      bodyBytes[batch] = ENTRY_HEADER_BYTES;
      bytesTotal += ENTRY_HEADER_BYTES;
    }
    const bytes = encodedBytes(records, i);
    batchOfRecord[i] = batch;
    recordCounts[batch] = (recordCounts[batch] as number) + 1;
    bodyBytes[batch] = (bodyBytes[batch] as number) + bytes;
    bytesTotal += bytes;
  }
  for (let batch = 0; batch < batchCount; batch += 1) batchOfSlot[slots[batch] as number] = -1;
  return { batchCount, bytesTotal };
}

function batchOne(records: IncomingRecords, map: ShardMap, options: BatchOptions): ShardBatches {
  const { recordCounts, bodyStarts, bodyBytes } = scratch.columns(1);
  const length = ENTRY_HEADER_BYTES + encodedBytes(records, 0);
  const wasm = wasmHolding(records, length);
  const lease = wasm === undefined ? messageBuffers.take(length) : undefined;
  const bytes = wasm?.entries ?? (lease as Lease).bytes;
  writeRecord(bytes, writeEntryHeader(bytes, 0, options), records, 0);
  recordCounts[0] = 1;
  bodyStarts[0] = 0;
  bodyBytes[0] = length;
  const slots = new Uint16Array(1);
  slots[0] = map.route(records.hashKeys, 0);
  return { batchCount: 1, slots, batchOfRecord: onlyBatch, recordCounts, bytes, bodyStarts, bodyBytes, lease };
}

/** The WebAssembly module, if the records are in its memory and their entries fit there. */
function wasmHolding({ bytes, dataStart }: IncomingRecords, bytesTotal: number): WasmModule | undefined {
  const wasm = wasmModule();
  if (wasm === undefined || bytesTotal > wasm.entries.length) return undefined;
  const { buffer } = wasm.memory;
  return bytes.buffer === buffer && dataStart.buffer === buffer ? wasm : undefined;
}

function writeInWasm(
  { calls, memory, entries }: WasmModule,
  records: IncomingRecords,
  batches: { readonly batchOfRecord: Int16Array; readonly batchCount: number; readonly writeAt: Uint32Array },
): void {
  const { batchOfRecord, batchCount, writeAt } = batches;
  const { count, dataStart, dataBytes, keyStart, keyBytes } = records;
  assert(records.bytes.byteOffset === 0, "columns over the module's memory hold addresses");
  new Int16Array(memory.buffer, calls.batchesOfRecords(), count).set(batchOfRecord);
  const targets = new Uint32Array(memory.buffer, calls.batchTargets(), batchCount);
  for (let batch = 0; batch < batchCount; batch += 1) targets[batch] = entries.byteOffset + (writeAt[batch] as number);
  calls.writeRecords(count, dataStart.byteOffset, dataBytes.byteOffset, keyStart.byteOffset, keyBytes.byteOffset);
}
