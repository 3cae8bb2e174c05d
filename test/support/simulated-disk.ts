import { setImmediate as nextTurn } from "node:timers/promises";
import { DataDirectoryError } from "../../src/engine/embedded/data-directory-error.ts";
import type { Disk, DiskFile, DiskLock, OpenMode } from "../../src/engine/embedded/disk.ts";

const sectorBytes = 512;

/**
 * What a crash does to bytes and names that were not synced: all lost (the power went), all kept but still not synced (only
 * the process died; the disk must not be used any more), or each sector by the toss of a coin, names up to some moment.
 */
export type CrashPolicy = "lose" | "keep" | "tear";

export interface DiskOperation {
  readonly kind:
    | "open"
    | "read"
    | "write"
    | "sync"
    | "length"
    | "rename"
    | "link"
    | "remove"
    | "list"
    | "syncDirectory";
  readonly path: string;
}

export interface SimulatedDiskOptions {
  /** Whether log files are written directly, each write durable by itself. */
  readonly direct?: boolean;
  readonly seed?: number;
  readonly freeBytes?: number;
}

type Change =
  | { readonly kind: "write"; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: "length"; readonly length: number };

type NameChange =
  | { readonly kind: "link"; readonly path: string; readonly file: Inode }
  | { readonly kind: "rename"; readonly from: string; readonly to: string }
  | { readonly kind: "unlink"; readonly path: string };

/** One file: what the process sees, what a power cut would leave, and the changes between the two. */
interface Inode {
  live: Buffer;
  durable: Buffer;
  unsynced: Change[];
}

/** A disk in memory that tells what is durable from what is not, and can fail, freeze and crash on request. */
export class SimulatedDisk implements Disk {
  readonly #options: SimulatedDiskOptions;
  readonly #directories = new Set<string>(["/"]);
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #unsyncedNames: NameChange[] = [];
  readonly #locked = new Set<string>();
  readonly #random: () => number;
  #held: { readonly wait: Promise<void>; readonly release: () => void } | undefined;

  /** Syncs, of files and directories, and direct writes that completed. */
  syncCount = 0;
  /** The power goes in the middle of the sync after this many. */
  syncCountMax = Number.POSITIVE_INFINITY;
  isOff = false;
  /** Names the error code with which an operation fails; a failing write leaves half of its bytes behind. */
  fault: (operation: DiskOperation) => string | undefined = () => undefined;

  constructor(options: SimulatedDiskOptions = {}) {
    this.#options = options;
    this.#random = randomFrom(options.seed ?? 1);
  }

  async probe(): Promise<boolean> {
    return this.#options.direct ?? true;
  }

  allocate(byteCount: number): Buffer {
    return Buffer.alloc(byteCount);
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    this.check({ kind: "open", path });
    let file = this.#names.get(path);
    if (mode === "create") {
      file = { live: Buffer.alloc(0), durable: Buffer.alloc(0), unsynced: [] };
      this.#names.set(path, file);
      this.#unsyncedNames.push({ kind: "link", path, file });
    }
    if (file === undefined) throw diskError("ENOENT", path);
    return this.#handle(path, file, mode === "direct");
  }

  async list(directory: string): Promise<readonly string[]> {
    this.check({ kind: "list", path: directory });
    if (!this.#directories.has(directory)) throw diskError("ENOENT", directory);
    const children = [...this.#names.keys(), ...this.#directories].filter(
      (path) => path !== directory && path.slice(0, path.lastIndexOf("/")) === directory,
    );
    return children.map((path) => path.slice(directory.length + 1));
  }

  async makeDirectory(directory: string): Promise<void> {
    // Taken to be durable at once: the log never relies on a directory that it did not sync the parent of.
    for (let end = directory.length; end > 0; end = directory.lastIndexOf("/", end - 1)) {
      this.#directories.add(directory.slice(0, end));
    }
  }

  async rename(from: string, to: string): Promise<void> {
    this.check({ kind: "rename", path: from });
    rename(this.#names, from, to);
    this.#unsyncedNames.push({ kind: "rename", from, to });
  }

  async link(from: string, to: string): Promise<void> {
    this.check({ kind: "link", path: from });
    const file = this.#require(from);
    if (this.#names.has(to)) throw diskError("EEXIST", to);
    this.#names.set(to, file);
    this.#unsyncedNames.push({ kind: "link", path: to, file });
  }

  async remove(path: string): Promise<void> {
    this.check({ kind: "remove", path });
    if (this.#names.delete(path)) this.#unsyncedNames.push({ kind: "unlink", path });
  }

  async removeDirectory(directory: string): Promise<void> {
    this.check({ kind: "remove", path: directory });
    const isEmpty = [...this.#names.keys(), ...this.#directories].every((path) => !path.startsWith(`${directory}/`));
    if (!isEmpty) throw diskError("ENOTEMPTY", directory);
    this.#directories.delete(directory);
  }

  async syncDirectory(directory: string): Promise<void> {
    await nextTurn();
    this.check({ kind: "syncDirectory", path: directory });
    this.#countSync();
    // A journal keeps the order of names everywhere, so syncing one directory syncs what came before elsewhere too.
    for (const change of this.#unsyncedNames) applyName(this.#durableNames, change);
    this.#unsyncedNames = [];
  }

  async freeBytes(): Promise<number> {
    return this.#options.freeBytes ?? 1024 * 1024 * 1024;
  }

  async lock(directory: string): Promise<DiskLock> {
    if (this.#locked.has(directory)) throw new DataDirectoryError("locked", `${directory} is in use.`);
    this.#locked.add(directory);
    return {
      release: async () => {
        this.#locked.delete(directory);
      },
    };
  }

  /** From now on writes wait until the returned function is called. */
  holdWrites(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = { wait: promise, release: resolve };
    return () => {
      this.#held = undefined;
      resolve();
    };
  }

  /** What the next process finds on this disk after a crash at this moment; nobody holds a lock on it. */
  crash(policy: CrashPolicy): SimulatedDisk {
    const after = new SimulatedDisk(this.#options);
    for (const directory of this.#directories) after.#directories.add(directory);
    if (policy === "keep") {
      // The system lives on, and with it what it has yet to write: a power cut may still take that.
      after.#names = new Map(this.#names);
      after.#durableNames = new Map(this.#durableNames);
      after.#unsyncedNames = [...this.#unsyncedNames];
      return after;
    }
    const names = new Map(this.#durableNames);
    const keptCount = policy === "lose" ? 0 : Math.round(this.#random() * this.#unsyncedNames.length);
    for (const change of this.#unsyncedNames.slice(0, keptCount)) applyName(names, change);
    const survivors = new Map<Inode, Inode>();
    for (const [path, file] of names) {
      const bytes = survivors.has(file) ? Buffer.alloc(0) : this.#survivor(file, policy);
      const survivor = survivors.get(file) ?? { live: bytes, durable: Buffer.from(bytes), unsynced: [] };
      survivors.set(file, survivor);
      after.#names.set(path, survivor);
      after.#durableNames.set(path, survivor);
    }
    return after;
  }

  /** The paths of all files. */
  paths(): readonly string[] {
    return [...this.#names.keys()].sort();
  }

  /** A copy of a file's bytes. */
  bytesOf(path: string): Buffer {
    return Buffer.from(this.#require(path).live);
  }

  /** Puts other bytes in a file's place, as a fault of the medium would: durable at once. */
  damage(path: string, change: (bytes: Buffer) => Buffer | undefined): void {
    const file = this.#require(path);
    const bytes = Buffer.from(file.live);
    const changed = change(bytes) ?? bytes;
    file.live = Buffer.from(changed);
    file.durable = Buffer.from(changed);
    file.unsynced = [];
  }

  /** Puts a file there, durable at once. */
  place(path: string, bytes: Buffer): void {
    const file = { live: Buffer.from(bytes), durable: Buffer.from(bytes), unsynced: [] };
    this.#names.set(path, file);
    this.#durableNames.set(path, file);
  }

  /** Takes a file away, durable at once. */
  lose(path: string): void {
    this.#names.delete(path);
    this.#durableNames.delete(path);
  }

  check(operation: DiskOperation): void {
    if (this.isOff) throw diskError("EIO", `${operation.path}: the power is off`);
    const code = this.fault(operation);
    if (code !== undefined) throw diskError(code, operation.path);
  }

  #handle(path: string, file: Inode, direct: boolean): DiskFile {
    return {
      read: async (into, at) => {
        this.check({ kind: "read", path });
        return at >= file.live.length ? 0 : file.live.copy(into, 0, at, at + into.byteLength);
      },
      write: async (bytes, at) => {
        const copy = Buffer.from(bytes);
        await nextTurn();
        await this.#held?.wait;
        if (this.isOff) throw diskError("EIO", path);
        const code = this.fault({ kind: "write", path });
        const written = code === undefined ? copy : copy.subarray(0, copy.length / 2);
        applyChange(file, { kind: "write", at, bytes: written });
        if (code !== undefined) throw diskError(code, path);
        if (direct) this.#syncFile(file);
      },
      sync: async () => {
        await nextTurn();
        this.check({ kind: "sync", path });
        this.#syncFile(file);
      },
      length: async () => file.live.length,
      setLength: async (length) => {
        this.check({ kind: "length", path });
        applyChange(file, { kind: "length", length });
      },
      close: async () => {},
    };
  }

  #syncFile(file: Inode): void {
    this.#countSync();
    file.durable = Buffer.from(file.live);
    file.unsynced = [];
  }

  #countSync(): void {
    if (this.syncCount >= this.syncCountMax) {
      this.isOff = true;
      throw diskError("EIO", "the power went");
    }
    this.syncCount += 1;
  }

  #survivor(file: Inode, policy: CrashPolicy): Buffer {
    let bytes: Buffer = Buffer.from(file.durable);
    if (policy === "lose") return bytes;
    for (const change of file.unsynced) {
      if (change.kind === "length") {
        if (this.#random() < 0.5) bytes = resized(bytes, change.length);
        continue;
      }
      for (let from = 0; from < change.bytes.length; from += sectorBytes) {
        if (this.#random() < 0.5) continue;
        const sector = change.bytes.subarray(from, from + sectorBytes);
        if (bytes.length < change.at + from + sector.length) bytes = resized(bytes, change.at + from + sector.length);
        sector.copy(bytes, change.at + from);
      }
    }
    return bytes;
  }

  #require(path: string): Inode {
    const file = this.#names.get(path);
    if (file === undefined) throw diskError("ENOENT", path);
    return file;
  }
}

/** Reproducible numbers in [0, 1). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function applyChange(file: Inode, change: Change): void {
  file.unsynced.push(change);
  if (change.kind === "length") {
    file.live = resized(file.live, change.length);
    return;
  }
  const end = change.at + change.bytes.length;
  if (file.live.length < end) file.live = resized(file.live, end);
  change.bytes.copy(file.live, change.at);
}

function applyName(names: Map<string, Inode>, change: NameChange): void {
  if (change.kind === "link") names.set(change.path, change.file);
  else if (change.kind === "unlink") names.delete(change.path);
  else rename(names, change.from, change.to);
}

function rename(names: Map<string, Inode>, from: string, to: string): void {
  const file = names.get(from);
  if (file === undefined) throw diskError("ENOENT", from);
  names.delete(from);
  names.set(to, file);
}

function resized(bytes: Buffer, length: number): Buffer {
  const other = Buffer.alloc(length);
  bytes.copy(other);
  return other;
}

function diskError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
