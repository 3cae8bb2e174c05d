// The faults of a simulated disk in one session: chances are drawn once, faults at every operation.
import type { SeededRandom } from "../support/seeded-random.ts";
import type { DiskFault, DiskOperation, SimulatedDisk } from "../support/simulated-disk.ts";

const sectorBytes = 512;
/** Disk operations until the power cut, at most. */
const operationsMax = 600;
const ticksMax = 8;
/** Free bytes of a disk that is nearly full, at most. */
const freeBytesMax = 200 * 1024;
const refillChance = 0.01;

/** The chance of a fault at one operation: a write or sync of a WAL file, a read, any other operation. */
interface Chances {
  readonly log: number;
  readonly background: number;
  readonly read: number;
}

const none: Chances = { log: 0, background: 0, read: 0 };
/** No faults are drawn most often: a disk that fails all the time proves little about one that works. */
const profiles: readonly Chances[] = [
  none,
  none,
  none,
  { log: 0.01, background: 0, read: 0 },
  { log: 0, background: 0.03, read: 0 },
  { log: 0, background: 0.2, read: 0 },
  { log: 0, background: 0, read: 0.02 },
  { log: 0.003, background: 0.02, read: 0.01 },
];

export class FaultProfile {
  readonly #random: SeededRandom;
  readonly #chances: Chances;
  readonly #slowTicks: number;
  readonly #forgets: boolean;
  readonly #isTight: boolean;
  #operationsLeft: number;
  /** Whether a write or a sync of the WAL failed, at least one tick of the event loop ago. */
  hasLogFailed = false;
  /** Whether any operation failed. */
  hasFailed: boolean;

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#chances = profiles[random.integer(0, profiles.length - 1)] ?? none;
    this.#slowTicks = random.next() < 0.4 ? random.integer(1, ticksMax) : 0;
    this.#forgets = random.next() < 0.7;
    this.#isTight = random.next() < 0.15;
    // On a nearly full disk any operation may fail for want of space.
    this.hasFailed = this.#isTight;
    this.#operationsLeft = random.next() < 0.5 ? random.integer(1, operationsMax) : Number.POSITIVE_INFINITY;
  }

  /** Makes the disk fail by this profile from now on; `note` gets a line for every operation and fault. */
  applyTo(disk: SimulatedDisk, note: (line: string) => void): void {
    disk.pace = ({ kind }) => {
      const isChange = kind === "write" || kind === "sync" || kind === "syncDirectory";
      return (isChange ? 1 : 0) + (this.#slowTicks === 0 ? 0 : this.#random.integer(0, this.#slowTicks));
    };
    this.#fill(disk);
    disk.fault = (operation) => {
      // Another program takes space or frees some.
      if (this.#random.next() < refillChance) this.#fill(disk);
      const fault = this.#faultAt(disk, operation);
      const how = fault === undefined ? "" : ` fails: ${fault.code} ${fault.keptBytes ?? ""}`;
      note(`${operation.kind} ${operation.path} ${operation.byteCount ?? ""}${how}`);
      if (fault !== undefined) this.#recordFault(operation);
      return fault;
    };
  }

  #fill(disk: SimulatedDisk): void {
    disk.capacityBytes = this.#isTight
      ? disk.usedBytes + this.#random.integer(0, freeBytesMax)
      : Number.POSITIVE_INFINITY;
  }

  #faultAt(disk: SimulatedDisk, operation: DiskOperation): DiskFault | undefined {
    this.#operationsLeft -= 1;
    const isPowerCut = this.#operationsLeft < 0;
    if (!isPowerCut && this.#random.next() >= this.#chanceOf(operation)) return undefined;
    if (isPowerCut) disk.isOff = true;
    const keptBytes = this.#keptOf(operation);
    if (operation.kind === "sync") return { code: "EIO", forgets: this.#forgets };
    const isShort = operation.kind === "write" || operation.kind === "open" || operation.kind === "length";
    const code = isShort && this.#random.next() < 0.5 ? "ENOSPC" : "EIO";
    return keptBytes === undefined ? { code } : { code, keptBytes };
  }

  #chanceOf({ kind, path }: DiskOperation): number {
    const { log, background, read } = this.#chances;
    if (kind === "read") return read;
    return path.endsWith(".wal") && (kind === "write" || kind === "sync") ? log : background;
  }

  /** A failed write leaves any number of whole sectors. */
  #keptOf({ kind, byteCount = 0 }: DiskOperation): number | undefined {
    if (kind !== "write") return undefined;
    return Math.min(byteCount, sectorBytes * this.#random.integer(0, Math.ceil(byteCount / sectorBytes)));
  }

  #recordFault({ kind, path }: DiskOperation): void {
    this.hasFailed = true;
    if (!path.endsWith(".wal") || !(kind === "write" || kind === "sync")) return;
    // An append acknowledged in this tick was written before.
    setImmediate(() => {
      this.hasLogFailed = true;
    });
  }
}

/** Makes the disk work from now on: no faults, no delays, unlimited space. */
export function noFaults(disk: SimulatedDisk, note: (line: string) => void): void {
  disk.capacityBytes = Number.POSITIVE_INFINITY;
  disk.pace = ({ kind }) => (kind === "write" || kind === "sync" || kind === "syncDirectory" ? 1 : 0);
  disk.fault = ({ kind, path }) => {
    note(`${kind} ${path}`);
    return undefined;
  };
}
