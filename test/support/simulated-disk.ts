import { setImmediate as nextTurn } from "node:timers/promises";
import { DataDirectoryError } from "../../src/engine/embedded/io/data-directory-error.ts";
import type { Disk, DiskFile, DiskLock, OpenMode } from "../../src/engine/embedded/io/disk.ts";
import { SimulatedFile } from "./simulated-file.ts";
import { type NameOrder, SimulatedNames } from "./simulated-names.ts";

const fileBlockBytes = 4096;

/**
 * What a crash does to bytes and names that were not synced: all lost (the power went), all kept but still not synced (only
 * the process died; the disk must not be used any more), or each sector by the toss of a coin, names up to some moment.
 */
export type CrashPolicy = "lose" | "keep" | "tear";

/** The policy that a number from 0 to 1 decides. */
export function crashPolicyOf(dice: number): CrashPolicy {
  if (dice < 0.4) return "keep";
  return dice < 0.7 ? "tear" : "lose";
}

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
  /** Bytes of a write. */
  readonly byteCount?: number;
}

/** How an operation fails. */
export interface DiskFault {
  readonly code: string;
  /** Bytes of a failed write that are written; half of them by default. */
  readonly keptBytes?: number;
  /** Whether the system forgets, after a failed sync, what it could not write. */
  readonly forgets?: boolean;
}

export interface SimulatedDiskOptions {
  /** Whether log files are written directly, each write durable by itself. */
  readonly direct?: boolean;
  readonly seed?: number;
  /** Instead of numbers made from the seed. */
  readonly random?: () => number;
  readonly freeBytes?: number;
  readonly nameOrder?: NameOrder;
}

/** A disk in memory that tells what is durable from what is not, and can fail, freeze, fill up and crash on request. */
export class SimulatedDisk implements Disk {
  readonly #options: SimulatedDiskOptions;
  /** And whether each would survive a power cut: its parent has been synced since. */
  readonly #directories = new Map<string, boolean>([["/", true]]);
  #names: SimulatedNames;
  readonly #flipped = new Set<SimulatedFile>();
  readonly #locks = new Map<string, { onLost: () => void }>();
  readonly #random: () => number;
  #held: { readonly wait: Promise<void>; readonly release: () => void } | undefined;
  #writeWaiters: (() => void)[] = [];

  /** Syncs, of files and directories, and direct writes that completed. */
  syncCount = 0;
  /** The power goes in the middle of the sync after this many. */
  syncCountMax = Number.POSITIVE_INFINITY;
  isOff = false;
  /** What all files may take; a write beyond it is done in part, and fails. */
  capacityBytes = Number.POSITIVE_INFINITY;
  /** Names the error code with which an operation fails, or all that there is to say about it. */
  fault: (operation: DiskOperation) => string | DiskFault | undefined = () => undefined;
  /** How many turns of the event loop an operation takes. Those that are under way at once end in any order. */
  pace: (operation: DiskOperation) => number = ({ kind }) => (/write|sync/.test(kind) ? 1 : 0);

  constructor(options: SimulatedDiskOptions = {}) {
    this.#options = options;
    this.#random = options.random ?? randomFrom(options.seed ?? 1);
    this.#names = new SimulatedNames(options.nameOrder ?? "journal");
  }

  async probe(): Promise<boolean> {
    return this.#options.direct ?? true;
  }

  allocate(byteCount: number): Buffer {
    return Buffer.alloc(byteCount);
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    await this.#begin({ kind: "open", path });
    if (mode === "create" || mode === "createDirect") this.#names.link(path, new SimulatedFile());
    return this.#handle(path, this.#require(path), mode === "direct");
  }

  async list(directory: string): Promise<readonly string[]> {
    await this.#begin({ kind: "list", path: directory });
    if (!this.#directories.has(directory)) throw diskError("ENOENT", directory);
    const children = [...this.#names.paths(), ...this.#directories.keys()].filter(
      (path) => path !== directory && parentOf(path) === directory,
    );
    return children.map((path) => path.slice(directory.length + 1));
  }

  async makeDirectory(directory: string): Promise<string | undefined> {
    let first: string | undefined;
    for (let end = directory.length; end > 0; end = directory.lastIndexOf("/", end - 1)) {
      const path = directory.slice(0, end);
      // A folder outside of the data directory counts as durable.
      if (this.#directories.has(path)) continue;
      this.#directories.set(path, parentOf(path) === "");
      first = path;
    }
    return first;
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#begin({ kind: "rename", path: from });
    this.#names.rename(from, to, this.#require(from));
  }

  async link(from: string, to: string): Promise<void> {
    await this.#begin({ kind: "link", path: from });
    const file = this.#require(from);
    if (this.#names.get(to) !== undefined) throw diskError("EEXIST", to);
    this.#names.link(to, file);
  }

  async remove(path: string): Promise<void> {
    await this.#begin({ kind: "remove", path });
    this.#names.unlink(path);
  }

  async removeDirectory(directory: string): Promise<void> {
    await this.#begin({ kind: "remove", path: directory });
    const children = [...this.#names.paths(), ...this.#directories.keys()].filter((path) =>
      path.startsWith(`${directory}/`),
    );
    if (children.length > 0) throw diskError("ENOTEMPTY", directory);
    this.#directories.delete(directory);
  }

  async syncDirectory(directory: string): Promise<void> {
    await this.#begin({ kind: "syncDirectory", path: directory });
    this.#countSync();
    this.#names.sync(directory);
    for (const path of this.#directories.keys()) if (parentOf(path) === directory) this.#directories.set(path, true);
  }

  async freeBytes(): Promise<number> {
    if (this.#options.freeBytes !== undefined) return this.#options.freeBytes;
    return Math.min(1024 * 1024 * 1024, Math.max(0, this.capacityBytes - this.usedBytes));
  }

  async lock(directory: string): Promise<DiskLock> {
    if (this.#locks.has(directory)) throw new DataDirectoryError("locked", `${directory} is in use.`);
    const lock = { onLost: () => {} };
    this.#locks.set(directory, lock);
    const isHeld = (): boolean => this.#locks.get(directory) === lock;
    return {
      isHeld,
      watch: (onLost) => {
        lock.onLost = onLost;
      },
      release: async () => {
        if (isHeld()) this.#locks.delete(directory);
      },
    };
  }

  lockForReading(directory: string): Promise<DiskLock> {
    return this.lock(directory);
  }

  /** Lets another process lock the directory, as after the removal of the lock's file; the holder is not informed yet. */
  removeLock(directory: string): { readonly informHolder: () => void } {
    const lock = this.#locks.get(directory);
    this.#locks.delete(directory);
    return { informHolder: () => lock?.onLost() };
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

  /** Resolves when the next write begins, held or not. */
  nextWrite(): Promise<void> {
    return new Promise((resolve) => {
      this.#writeWaiters.push(resolve);
    });
  }

  /** The disk as the next process finds it after a crash at this moment, without locks. */
  crash(policy: CrashPolicy): SimulatedDisk {
    this.heal();
    const after = new SimulatedDisk(this.#options);
    after.capacityBytes = this.capacityBytes;
    for (const [path, isDurable] of this.#directories) {
      if (isDurable || policy === "keep") after.#directories.set(path, isDurable);
    }
    if (policy === "keep") {
      // A power cut may still take what the system has yet to write.
      after.#names = this.#names.shared();
      return after;
    }
    const isKept = policy === "lose" ? () => false : () => this.#random() >= 0.5;
    const names = this.#names.survivors(policy === "lose" ? () => 0 : this.#random);
    // A file of two names stays one file.
    const survivors = new Map<SimulatedFile, SimulatedFile>();
    for (const [path, file] of names) {
      if (!after.#directories.has(parentOf(path))) continue;
      const survivor = survivors.get(file) ?? file.survivor(isKept);
      survivors.set(file, survivor);
      after.#names.place(path, survivor);
    }
    return after;
  }

  /** The paths of all files. */
  paths(): readonly string[] {
    return [...this.#names.paths()].sort();
  }

  /** Holes are not counted. */
  get usedBytes(): number {
    let blocks = 0;
    for (const file of this.#names.files()) blocks += file.blockCount;
    return blocks * fileBlockBytes;
  }

  /** A copy of a file's bytes. */
  bytesOf(path: string): Buffer {
    return Buffer.from(this.#require(path).live);
  }

  lengthOf(path: string): number {
    return this.#require(path).live.length;
  }

  /** Puts other bytes in a file's place, as a fault of the medium would: durable at once. */
  damage(path: string, change: (bytes: Buffer) => Buffer | undefined): void {
    const bytes = this.bytesOf(path);
    this.place(path, change(bytes) ?? bytes);
  }

  /** Flips the bits of a mask in one byte, also for processes that have the file open, until `heal()` or a crash. */
  flip(path: string, at: number, mask: number): void {
    const file = this.#require(path);
    file.flip(at, mask);
    this.#flipped.add(file);
  }

  /** Everything that was flipped, and not written over since, is as it was. */
  heal(): void {
    for (const file of this.#flipped) file.heal();
    this.#flipped.clear();
  }

  /** Whether a power cut would take names away, or bring some back. */
  get hasUnsyncedNames(): boolean {
    return this.#names.hasUnsynced;
  }

  /** Whether a power cut would change nothing in a file. */
  isSettled(path: string): boolean {
    return this.#require(path).isSettled;
  }

  /** Puts a file there, durable at once. */
  place(path: string, bytes: Buffer): void {
    this.#names.place(path, new SimulatedFile(Buffer.from(bytes)));
  }

  /** Takes a file away, durable at once. */
  lose(path: string): void {
    this.#names.place(path, undefined);
  }

  async #begin(operation: DiskOperation): Promise<void> {
    await this.#takeTime(operation);
    const fault = this.#faultOf(operation);
    if (fault !== undefined) throw diskError(fault.code, operation.path);
  }

  async #takeTime(operation: DiskOperation): Promise<void> {
    for (let turns = this.pace(operation); turns > 0; turns--) await nextTurn();
  }

  /** The power may go with this very operation. */
  #faultOf(operation: DiskOperation): DiskFault | undefined {
    if (this.isOff) return { code: "EIO", keptBytes: 0 };
    const fault = this.fault(operation);
    return typeof fault === "string" ? { code: fault } : fault;
  }

  #handle(path: string, file: SimulatedFile, direct: boolean): DiskFile {
    return {
      read: async (into, at) => {
        await this.#begin({ kind: "read", path });
        return at >= file.live.length ? 0 : file.live.copy(into, 0, at, at + into.byteLength);
      },
      write: (bytes, at) => this.#write(path, file, { bytes: Buffer.from(bytes), at, direct }),
      sync: async () => {
        await this.#takeTime({ kind: "sync", path });
        const fault = this.#faultOf({ kind: "sync", path });
        if (fault?.forgets === true) file.forget();
        if (fault !== undefined) throw diskError(fault.code, path);
        this.#countSync();
        file.sync();
      },
      length: async () => file.live.length,
      setLength: async (length) => {
        await this.#begin({ kind: "length", path });
        file.setLength(length);
      },
      close: async () => {},
    };
  }

  async #write(
    path: string,
    file: SimulatedFile,
    { bytes, at, direct }: { readonly bytes: Buffer; readonly at: number; readonly direct: boolean },
  ): Promise<void> {
    const operation = { kind: "write", path, byteCount: bytes.length } as const;
    await this.#takeTime(operation);
    for (const resolve of this.#writeWaiters.splice(0)) resolve();
    await this.#held?.wait;
    const fault = this.#faultOf(operation);
    if (fault !== undefined) {
      file.write(at, bytes.subarray(0, fault.keptBytes ?? bytes.length / 2));
      throw diskError(fault.code, path);
    }
    const freeBlocks = Math.floor((this.capacityBytes - this.usedBytes) / fileBlockBytes);
    const fitting = file.fitting(at, bytes.length, Math.max(0, freeBlocks));
    file.write(at, bytes.subarray(0, fitting));
    if (fitting < bytes.length) throw diskError("ENOSPC", path);
    if (!direct) return;
    this.#countSync();
    file.sync();
  }

  #countSync(): void {
    if (this.syncCount >= this.syncCountMax) {
      this.isOff = true;
      throw diskError("EIO", "the power went");
    }
    this.syncCount += 1;
  }

  #require(path: string): SimulatedFile {
    const file = this.#names.get(path);
    if (file === undefined) throw diskError("ENOENT", path);
    return file;
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
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

function diskError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
