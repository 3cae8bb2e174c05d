/** Below this, Node's own slab is as quick as a pool. */
const SLAB_BYTES_MAX = 4 * 1024;

/** Idle memory of all classes together: 13 MiB. What does not fit the largest class is left to the collector. */
const classes = [
  { bytes: 16 * 1024, idleCountMax: 64 },
  { bytes: 128 * 1024, idleCountMax: 32 },
  { bytes: 1024 * 1024, idleCountMax: 8 },
].map((facts) => ({ ...facts, idle: [] as Buffer[] }));

export interface ColumnMemory {
  /** At least as large as asked for, holding rubbish. */
  readonly bytes: Buffer;
  /**
   * Gives the memory to the next request; a second call does nothing. Absent when it is not pooled; memory that is never
   * released is collected as usual.
   */
  readonly release?: () => void;
}

export function takeColumnMemory(bytes: number): ColumnMemory {
  if (bytes <= SLAB_BYTES_MAX) return { bytes: Buffer.allocUnsafe(bytes) };
  const home = classes.find((candidate) => candidate.bytes >= bytes);
  if (home === undefined) return { bytes: Buffer.allocUnsafeSlow(bytes) };
  const buffer = home.idle.pop() ?? Buffer.allocUnsafeSlow(home.bytes);
  let released = false;
  const release = (): void => {
    if (released) return;
    released = true;
    if (home.idle.length < home.idleCountMax) home.idle.push(buffer);
  };
  return { bytes: buffer, release };
}
