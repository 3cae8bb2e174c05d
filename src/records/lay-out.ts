// Hot path.
import assert from "node:assert/strict";
import type { ShardMap } from "../streams/shard-map.ts";
import { ENTRY_HEADER_BYTES, encodedBytes, writeEntryHeader, writeRecord } from "./entry-layout.ts";
import type { IncomingRecords } from "./incoming-records.ts";
import { type Kernels, kernels } from "./kernels.ts";

export interface RecordGroup {
  /** In the map that the records were laid out by. */
  readonly slot: number;
  readonly count: number;
  /** In the layout of `entry-layout.ts`. Valid until the next call of `layOut`. */
  readonly body: Uint8Array;
}

export interface LaidOut {
  /** One per shard that gets records, in the order in which the request first names them. */
  readonly groups: readonly RecordGroup[];
  /** By record; -1 where a record was not admitted. Within a group records keep the order of the request. */
  readonly groupOfRecord: Int16Array;
  /** By record: its place within its group. */
  readonly placeInGroup: Uint16Array;
}

/** A request holds at most 10 MiB of data and keys; this is room for that and for every header. */
const POOL_BYTES_MAX = 11 * 1024 * 1024;
const POOL_BYTES_MIN = 64 * 1024;

// One request at a time is laid out and appended, without an await in between: one pool serves them all.
let pool = Buffer.alloc(0);
let groupOfSlot = new Int16Array(0);
let writeAt = new Uint32Array(0);

/**
 * Sorts records into one entry body per shard, copying each record once.
 *
 * Bodies share a pool that the next call overwrites: append them (which copies) or copy them before anything is awaited.
 * `admitted` holds 1 for each record that takes part; undefined means all. `slots` is what `map.routeAll` gave, where the
 * caller has it already.
 */
export function layOut(
  records: IncomingRecords,
  map: ShardMap,
  admitted: Uint8Array | undefined,
  options: { readonly kms: boolean; readonly slots?: Uint16Array | undefined },
): LaidOut {
  const { count, hashKeys } = records;
  const { slots: known } = options;
  assert(count <= 0x7fff, "a request's records can be numbered with 15 bits");
  if (groupOfSlot.length < map.shardCount) groupOfSlot = new Int16Array(map.shardCount).fill(-1);
  if (writeAt.length < count) writeAt = new Uint32Array(count);
  const groupOfRecord = new Int16Array(count).fill(-1);
  const placeInGroup = new Uint16Array(count);

  // By group, until the bodies are cut: how many records, how many bytes.
  const slots: number[] = [];
  const counts: number[] = [];
  let bytesTotal = 0;
  for (let i = 0; i < count; i += 1) {
    if (admitted !== undefined && admitted[i] !== 1) continue;
    const slot = known === undefined ? map.route(hashKeys, i) : (known[i] as number);
    let group = groupOfSlot[slot] as number;
    if (group < 0) {
      group = slots.length;
      groupOfSlot[slot] = group;
      slots.push(slot);
      counts.push(0);
      writeAt[group] = ENTRY_HEADER_BYTES;
    }
    groupOfRecord[i] = group;
    placeInGroup[i] = counts[group] as number;
    counts[group] = (counts[group] as number) + 1;
    writeAt[group] = (writeAt[group] as number) + encodedBytes(records, i);
  }
  for (const slot of slots) groupOfSlot[slot] = -1;

  for (let group = 0; group < slots.length; group += 1) bytesTotal += writeAt[group] as number;
  const machine = machineThatHolds(records);
  const body =
    machine !== undefined && bytesTotal <= machine.layOutPool.length ? machine.layOutPool : pooled(bytesTotal);
  const groups = slots.map((slot, group): RecordGroup => {
    const bytes = writeAt[group] as number;
    const start = bytesTotal - bytes;
    bytesTotal = start;
    writeAt[group] = writeEntryHeader(body, start, options);
    // No Buffer: its `slice` shares memory, and whoever keeps a body means to copy it.
    const view = new Uint8Array(body.buffer, body.byteOffset + start, bytes);
    return { slot, count: counts[group] as number, body: view };
  });
  if (machine !== undefined && body === machine.layOutPool) {
    writeByKernel(machine, records, { groupOfRecord, groupCount: groups.length });
  } else {
    for (let i = 0; i < count; i += 1) {
      const group = groupOfRecord[i] as number;
      if (group >= 0) writeAt[group] = writeRecord(body, writeAt[group] as number, records, i);
    }
  }
  return { groups, groupOfRecord, placeInGroup };
}

/** The kernels, if the records lie in their memory. */
function machineThatHolds({ bytes, dataStart }: IncomingRecords): Kernels | undefined {
  const machine = kernels();
  const buffer = machine?.memory.buffer;
  return bytes.buffer === buffer && dataStart.buffer === buffer ? machine : undefined;
}

function writeByKernel(
  { calls, memory, layOutPool }: Kernels,
  records: IncomingRecords,
  { groupOfRecord, groupCount }: { readonly groupOfRecord: Int16Array; readonly groupCount: number },
): void {
  const { count, dataStart, dataBytes, keyStart, keyBytes } = records;
  assert(records.bytes.byteOffset === 0, "columns over the kernels' memory hold addresses");
  new Int16Array(memory.buffer, calls.layOutGroups(), count).set(groupOfRecord);
  const targets = new Uint32Array(memory.buffer, calls.layOutTargets(), groupCount);
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
