const sectorBytes = 512;
const fileBlockBytes = 4096;
const nothing = Buffer.alloc(0);

type Change =
  | { readonly kind: "write"; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: "length"; readonly length: number };

/**
 * One file: what processes see, what is surely on the disk, and the changes between the two. Files that are alike look at the
 * same bytes until one of them changes: most of the copies of a disk that a test makes are hardly written to.
 */
export class SimulatedFile {
  #live: Buffer;
  #durable: Buffer;
  /** Whether the bytes are shared with another file: then they are copied before they change. */
  #isLiveShared = true;
  #isDurableShared = true;
  #unsynced: Change[] = [];
  /** Changes that the system has ceased to care for after a failed sync: processes go on seeing them. */
  #forgotten: Change[] = [];
  /** Bits that are not as they were written, by byte. */
  readonly #flips = new Map<number, number>();
  /** Blocks of the disk that it takes: those that were written to. */
  readonly #blocks: Set<number>;

  /** The caller does not change `bytes` afterwards. */
  constructor(bytes: Buffer = nothing) {
    this.#live = bytes;
    this.#durable = bytes;
    this.#blocks = new Set(blocksOf(0, bytes.length));
  }

  /** A view, valid until the next change. */
  get live(): Buffer {
    return this.#live;
  }

  get blockCount(): number {
    return this.#blocks.size;
  }

  /** Whether a power cut would change nothing. */
  get isSettled(): boolean {
    return this.#unsynced.length === 0 && this.#forgotten.length === 0;
  }

  write(at: number, bytes: Buffer): void {
    for (const flipped of [...this.#flips.keys()])
      if (flipped >= at && flipped < at + bytes.length) this.#heal(flipped);
    this.#change({ kind: "write", at, bytes });
    for (const block of blocksOf(at, bytes.length)) this.#blocks.add(block);
  }

  setLength(length: number): void {
    this.#change({ kind: "length", length });
    for (const block of [...this.#blocks]) if (block * fileBlockBytes >= length) this.#blocks.delete(block);
  }

  /** How many of a write's bytes fit if the disk has but so many blocks left. */
  fitting(at: number, byteCount: number, freeBlocks: number): number {
    let left = freeBlocks;
    for (const block of blocksOf(at, byteCount)) {
      if (this.#blocks.has(block)) continue;
      left -= 1;
      if (left < 0) return Math.max(0, block * fileBlockBytes - at);
    }
    return byteCount;
  }

  sync(): void {
    if (this.#unsynced.length > 0) this.#ownDurable();
    for (const change of this.#unsynced) this.#durable = applied(this.#durable, change);
    this.#unsynced = [];
  }

  /** A sync that failed: what was to be written counts as written from then on, and is not. Lengths are in the journal. */
  forget(): void {
    this.#forgotten.push(...this.#unsynced.filter(({ kind }) => kind === "write"));
    this.#unsynced = this.#unsynced.filter(({ kind }) => kind === "length");
  }

  /** What a power cut leaves: what is durable, and of every other change each sector by the toss of a coin. */
  survivor(isKept: () => boolean): SimulatedFile {
    if (this.isSettled) {
      this.#isLiveShared = true;
      this.#isDurableShared = true;
      return new SimulatedFile(this.#durable);
    }
    let bytes: Buffer = Buffer.from(this.#durable);
    for (const change of [...this.#forgotten, ...this.#unsynced]) {
      if (change.kind === "length") {
        if (isKept()) bytes = applied(bytes, change);
        continue;
      }
      for (let from = 0; from < change.bytes.length; from += sectorBytes) {
        if (!isKept()) continue;
        const sector = change.bytes.subarray(from, from + sectorBytes);
        bytes = applied(bytes, { kind: "write", at: change.at + from, bytes: sector });
      }
    }
    return new SimulatedFile(bytes);
  }

  /** Flips bits as a fault of the medium does: all processes see them, also after a crash. */
  flip(at: number, mask: number): void {
    this.#flips.set(at, (this.#flips.get(at) ?? 0) ^ mask);
    this.#xor(at, mask);
  }

  /** Takes back all flips that have not been written over. */
  heal(): void {
    for (const at of [...this.#flips.keys()]) this.#heal(at);
  }

  #heal(at: number): void {
    this.#xor(at, this.#flips.get(at) ?? 0);
    this.#flips.delete(at);
  }

  #xor(at: number, mask: number): void {
    this.#ownLive();
    this.#ownDurable();
    for (const bytes of [this.#live, this.#durable]) if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ mask;
  }

  #change(change: Change): void {
    this.#unsynced.push(change);
    this.#ownLive();
    this.#live = applied(this.#live, change);
  }

  #ownLive(): void {
    if (this.#isLiveShared) this.#live = Buffer.from(this.#live);
    this.#isLiveShared = false;
  }

  #ownDurable(): void {
    if (this.#isDurableShared) this.#durable = Buffer.from(this.#durable);
    this.#isDurableShared = false;
  }
}

function* blocksOf(at: number, byteCount: number): Generator<number, undefined> {
  const end = Math.ceil((at + byteCount) / fileBlockBytes);
  for (let block = Math.floor(at / fileBlockBytes); block < end; block++) yield block;
}

/** In place where the length stays. */
function applied(bytes: Buffer, change: Change): Buffer {
  if (change.kind === "length") return resized(bytes, change.length);
  const end = change.at + change.bytes.length;
  const target = bytes.length < end ? resized(bytes, end) : bytes;
  change.bytes.copy(target, change.at);
  return target;
}

function resized(bytes: Buffer, length: number): Buffer {
  const other = Buffer.alloc(length);
  bytes.copy(other);
  return other;
}
