// What a disk does to one session: drawn once, then asked at every operation.
import type { SeededRandom } from "../support/seeded-random.ts";
import type { DiskFault, DiskOperation, SimulatedDisk } from "../support/simulated-disk.ts";

const sectorBytes = 512;
/** Operations of a disk that one session seldom lives beyond. */
const operationsMax = 600;
const turnsMax = 8;
/** What is left on a disk that is nearly full. */
const freeBytesMax = 200 * 1024;
const freeAnewChance = 0.01;

/** The chance of a fault at one operation, by what it is done to. */
interface Chances {
  readonly log: number;
  readonly background: number;
  readonly read: number;
}

const calm: Chances = { log: 0, background: 0, read: 0 };
/** Calm is drawn most often: a disk that fails all the time proves little about one that works. */
const climates: readonly Chances[] = [
  calm,
  calm,
  calm,
  { log: 0.01, background: 0, read: 0 },
  { log: 0, background: 0.03, read: 0 },
  { log: 0, background: 0.2, read: 0 },
  { log: 0, background: 0, read: 0.02 },
  { log: 0.003, background: 0.02, read: 0.01 },
];

export class FaultProfile {
  readonly #random: SeededRandom;
  readonly #chances: Chances;
  readonly #slowTurns: number;
  readonly #forgets: boolean;
  readonly #isTight: boolean;
  #operationsLeft: number;
  /** Whether a write or a sync of the log is known to have failed, one turn ago or longer. */
  hasLogFailed = false;
  /** Whether anything at all has failed. */
  hasFailed: boolean;

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#chances = climates[random.integer(0, climates.length - 1)] ?? calm;
    this.#slowTurns = random.next() < 0.4 ? random.integer(1, turnsMax) : 0;
    this.#forgets = random.next() < 0.7;
    this.#isTight = random.next() < 0.15;
    // Where the disk is short anything may fail for want of space.
    this.hasFailed = this.#isTight;
    this.#operationsLeft = random.next() < 0.5 ? random.integer(1, operationsMax) : Number.POSITIVE_INFINITY;
  }

  /** From now on the disk is under this weather; `note` hears of every operation and every fault. */
  over(disk: SimulatedDisk, note: (line: string) => void): void {
    disk.pace = ({ kind }) => {
      const isChange = kind === "write" || kind === "sync" || kind === "syncDirectory";
      return (isChange ? 1 : 0) + (this.#slowTurns === 0 ? 0 : this.#random.integer(0, this.#slowTurns));
    };
    this.#fill(disk);
    disk.fault = (operation) => {
      // Somebody else takes space, or gives some back.
      if (this.#random.next() < freeAnewChance) this.#fill(disk);
      const fault = this.#faultAt(disk, operation);
      const how = fault === undefined ? "" : ` fails: ${fault.code} ${fault.keptBytes ?? ""}`;
      note(`${operation.kind} ${operation.path} ${operation.byteCount ?? ""}${how}`);
      if (fault !== undefined) this.#remember(operation);
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

  /** A write is done in whole sectors, up to any of them. */
  #keptOf({ kind, byteCount = 0 }: DiskOperation): number | undefined {
    if (kind !== "write") return undefined;
    return Math.min(byteCount, sectorBytes * this.#random.integer(0, Math.ceil(byteCount / sectorBytes)));
  }

  #remember({ kind, path }: DiskOperation): void {
    this.hasFailed = true;
    if (!path.endsWith(".wal") || !(kind === "write" || kind === "sync")) return;
    // Whoever was answered in this very turn had been written before.
    setImmediate(() => {
      this.hasLogFailed = true;
    });
  }
}

/** No faults, no delays, and space enough. */
export function noFaults(disk: SimulatedDisk, note: (line: string) => void): void {
  disk.capacityBytes = Number.POSITIVE_INFINITY;
  disk.pace = ({ kind }) => (kind === "write" || kind === "sync" || kind === "syncDirectory" ? 1 : 0);
  disk.fault = ({ kind, path }) => {
    note(`${kind} ${path}`);
    return undefined;
  };
}
