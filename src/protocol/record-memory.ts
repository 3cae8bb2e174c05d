// Hot path.
import type { IncomingRecords } from "../records/incoming-records.ts";

/** Below this, Node's own slab is as quick as a pool. */
const SLAB_BYTES_MAX = 4 * 1024;

/** Idle memory of all classes together: 13 MiB. What does not fit the largest class is left to the collector. */
const classes = [
  { bytes: 16 * 1024, idleCountMax: 64 },
  { bytes: 128 * 1024, idleCountMax: 32 },
  { bytes: 1024 * 1024, idleCountMax: 8 },
].map((facts) => ({ ...facts, idle: [] as Buffer[] }));

const lent = new WeakMap<IncomingRecords, Buffer>();

/** A buffer of at least this size, holding rubbish. It returns to the pool only through `releaseRecords`. */
export function takeRecordBuffer(bytes: number): Buffer {
  if (bytes <= SLAB_BYTES_MAX) return Buffer.allocUnsafe(bytes);
  const fitting = classes.find((candidate) => candidate.bytes >= bytes);
  if (fitting === undefined) return Buffer.allocUnsafeSlow(bytes);
  return fitting.idle.pop() ?? Buffer.allocUnsafeSlow(fitting.bytes);
}

/** Ties a buffer to the columns that point into it. */
export function lendRecordBuffer(records: IncomingRecords, buffer: Buffer): void {
  if (classes.some((candidate) => candidate.bytes === buffer.length)) lent.set(records, buffer);
}

/**
 * Says that nobody will look at these columns' `bytes` again, so that the next request may have the memory. Harmless to
 * repeat; columns that are never released are collected as usual.
 */
export function releaseRecords(records: IncomingRecords): void {
  const buffer = lent.get(records);
  if (buffer === undefined) return;
  lent.delete(records);
  const home = classes.find((candidate) => candidate.bytes === buffer.length);
  if (home !== undefined && home.idle.length < home.idleCountMax) home.idle.push(buffer);
}
