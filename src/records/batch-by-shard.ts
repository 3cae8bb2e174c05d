import assert from "node:assert/strict";
import type { ShardMap } from "../streams/hash-keys/shard-map.ts";
import { ENTRY_HEADER_BYTES, encodedBytes, writeEntryHeader, writeRecord } from "./entry-layout.ts";
import type { IncomingRecords } from "./incoming-records.ts";
import { type WasmModule, wasmModule } from "./wasm-module.ts";

/** Groups as columns, a row each: one per shard that gets records, in the order in which the request first names them. */
export interface ShardBatches {
  readonly groupCount: number;
  /** In the map that the records were laid out by. As long as there are groups. */
  readonly slots: Uint16Array;
  /** By record; -1 where a record was not admitted. Within a group records keep the order of the request. Only read. */
  readonly groupOfRecord: Int16Array;
  // What follows is valid until the next call of `batchByShard`, and may be longer than there are groups.
  readonly recordCounts: Uint16Array;
  /** Where the bodies are, in the layout of `entry-layout.ts`. */
  readonly bytes: Uint8Array;
  readonly bodyStarts: Uint32Array;
  readonly bodyBytes: Uint32Array;
}

/** A request holds at most 10 MiB of data and keys; this is room for that and for every header. */
const POOL_BYTES_MAX = 11 * 1024 * 1024;
const POOL_BYTES_MIN = 64 * 1024;

// One request at a time is laid out and appended, without an await in between: one pool serves them all.
let pool = Buffer.alloc(0);
let groupOfSlot = new Int16Array(0);
let columns = columnsFor(1);
/** The groups of a request of one record, which is most of them. */
const onlyGroup = Int16Array.of(0);

/** By group. `slots` holds what a request's own column is cut from. */
interface GroupColumns {
  readonly slots: Uint16Array;
  readonly recordCounts: Uint16Array;
  readonly bodyStarts: Uint32Array;
  readonly bodyBytes: Uint32Array;
  /** Where the next record of a group goes. */
  readonly writeAt: Uint32Array;
}

function columnsFor(groupCount: number): GroupColumns {
  return {
    slots: new Uint16Array(groupCount),
    recordCounts: new Uint16Array(groupCount),
    bodyStarts: new Uint32Array(groupCount),
    bodyBytes: new Uint32Array(groupCount),
    writeAt: new Uint32Array(groupCount),
  };
}

/**
 * Sorts records into one entry body per shard, copying each record once.
 *
 * Bodies share a pool that the next call overwrites: append them (which copies) or copy them before anything is awaited.
 * `admitted` holds 1 for each record that takes part; undefined means all. `slots` is what `map.routeAll` gave, where the
 * caller has it already.
 */
export function batchByShard(
  records: IncomingRecords,
  map: ShardMap,
  admitted: Uint8Array | undefined,
  options: { readonly kms: boolean; readonly slots?: Uint16Array | undefined },
): ShardBatches {
  const { count, hashKeys } = records;
  const { slots: known } = options;
  assert(count <= 0x7fff, "a request's records can be numbered with 15 bits");
  if (count === 1 && admitted === undefined) return layOutOne(records, map, options);
  if (groupOfSlot.length < map.shardCount) groupOfSlot = new Int16Array(map.shardCount).fill(-1);
  if (columns.slots.length < count) columns = columnsFor(count);
  const { slots, recordCounts, bodyStarts, bodyBytes, writeAt } = columns;
  const groupOfRecord = new Int16Array(count).fill(-1);

  let groupCount = 0;
  let bytesTotal = 0;
  for (let i = 0; i < count; i += 1) {
    if (admitted !== undefined && admitted[i] !== 1) continue;
    const slot = known === undefined ? map.route(hashKeys, i) : (known[i] as number);
    let group = groupOfSlot[slot] as number;
    if (group < 0) {
      group = groupCount;
      groupCount += 1;
      groupOfSlot[slot] = group;
      slots[group] = slot;
      recordCounts[group] = 0;
      bodyBytes[group] = ENTRY_HEADER_BYTES;
      bytesTotal += ENTRY_HEADER_BYTES;
    }
    const bytes = encodedBytes(records, i);
    groupOfRecord[i] = group;
    recordCounts[group] = (recordCounts[group] as number) + 1;
    bodyBytes[group] = (bodyBytes[group] as number) + bytes;
    bytesTotal += bytes;
  }

  const machine = machineThatHolds(records);
  const isByKernel = machine !== undefined && bytesTotal <= machine.layOutPool.length;
  const bytes = isByKernel ? machine.layOutPool : pooled(bytesTotal);
  for (let group = 0, start = 0; group < groupCount; group += 1) {
    groupOfSlot[slots[group] as number] = -1;
    bodyStarts[group] = start;
    writeAt[group] = writeEntryHeader(bytes, start, options);
    start += bodyBytes[group] as number;
  }
  if (isByKernel) {
    writeByKernel(machine, records, { groupOfRecord, groupCount });
  } else {
    for (let i = 0; i < count; i += 1) {
      const group = groupOfRecord[i] as number;
      if (group >= 0) writeAt[group] = writeRecord(bytes, writeAt[group] as number, records, i);
    }
  }
  return { groupCount, slots: slots.slice(0, groupCount), groupOfRecord, recordCounts, bytes, bodyStarts, bodyBytes };
}

function layOutOne(records: IncomingRecords, map: ShardMap, options: { readonly kms: boolean }): ShardBatches {
  const { recordCounts, bodyStarts, bodyBytes } = columns;
  const length = ENTRY_HEADER_BYTES + encodedBytes(records, 0);
  const bytes = pooled(length);
  writeRecord(bytes, writeEntryHeader(bytes, 0, options), records, 0);
  recordCounts[0] = 1;
  bodyStarts[0] = 0;
  bodyBytes[0] = length;
  const slots = new Uint16Array(1);
  slots[0] = map.route(records.hashKeys, 0);
  return { groupCount: 1, slots, groupOfRecord: onlyGroup, recordCounts, bytes, bodyStarts, bodyBytes };
}

/** The kernels, if the records lie in their memory. */
function machineThatHolds({ bytes, dataStart }: IncomingRecords): WasmModule | undefined {
  const machine = wasmModule();
  const buffer = machine?.memory.buffer;
  return bytes.buffer === buffer && dataStart.buffer === buffer ? machine : undefined;
}

function writeByKernel(
  { calls, memory, layOutPool }: WasmModule,
  records: IncomingRecords,
  { groupOfRecord, groupCount }: { readonly groupOfRecord: Int16Array; readonly groupCount: number },
): void {
  const { count, dataStart, dataBytes, keyStart, keyBytes } = records;
  assert(records.bytes.byteOffset === 0, "columns over the kernels' memory hold addresses");
  new Int16Array(memory.buffer, calls.layOutGroups(), count).set(groupOfRecord);
  const targets = new Uint32Array(memory.buffer, calls.layOutTargets(), groupCount);
  const { writeAt } = columns;
  for (let group = 0; group < groupCount; group += 1) {
    targets[group] = layOutPool.byteOffset + (writeAt[group] as number);
  }
  calls.layOutRecords(count, dataStart.byteOffset, dataBytes.byteOffset, keyStart.byteOffset, keyBytes.byteOffset);
}

function pooled(bytes: number): Buffer {
  if (pool.length >= bytes) return pool;
  const grown = Math.max(POOL_BYTES_MIN, 2 ** Math.ceil(Math.log2(bytes)));
  if (bytes > POOL_BYTES_MAX) return Buffer.allocUnsafeSlow(bytes);
  pool = Buffer.allocUnsafeSlow(Math.min(grown, POOL_BYTES_MAX));
  return pool;
}
