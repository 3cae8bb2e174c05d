import type { BatchAdmission } from "../engine/shard-log.ts";

/** What one push of a subscription asks for before its records are read. Bytes are of memory. */
export interface PushDemand {
  /** For the largest push. */
  readonly bytesMax: number;
  /** For the push that a reader which keeps up gets while memory is short. */
  readonly bytesMin: number;
  /** Held of what was read before, and still needed. */
  readonly keptBytes: number;
  /** What is to be read is in memory already: the newest records. */
  readonly isInMemory: boolean;
  /** The reader has taken the push before it in time, or there was none. */
  readonly isPrompt: boolean;
  readonly signal: AbortSignal;
}

/** The memory of what a subscription holds for its reader: records as they are stored, decoded and encoded. */
export interface PushMemory {
  /** Resolves with the bytes that may be used, held from now on; with 0 when the signal aborts. Earlier holds are over. */
  admit(demand: PushDemand): number | Promise<number>;
  /** So many bytes are held from now on, and their reader is waited for. */
  hold(bytes: number): void;
}

/** Data of one push; a larger record is pushed alone. Small pushes reach a slow reader in time and bound its memory. */
export const pushBytesMax = 1024 * 1024;
/** A slow reader gets pushes that it reads in `promptMs`, down to this. */
const pushBytesMin = 16 * 1024;
/** Data of a push while memory is short, for a reader that keeps up. */
const shortPushBytesMax = 64 * 1024;
const promptMs = 1_000;
/** What encoding takes, of the data: base64, keys, and the slack of pooled buffers. */
const encodedPart = 2.25;
/** What a push takes, of its data: as it is stored and as it is encoded. */
const pushPart = 1 + encodedPart;

/** Bounds the memory of one subscription, and makes its pushes as large as memory and the pace of their reader allow. */
export class PushAdmission implements BatchAdmission {
  readonly #memory: PushMemory | undefined;
  readonly #signal: AbortSignal;
  /** Data of a push that the reader takes in time. */
  #paceBytes = pushBytesMax;
  #isPrompt = true;
  /** Data of the next push. */
  dataBytesMax = pushBytesMax;
  /** Records wait to be read. */
  isBehind = false;
  #storedBytes = 0;

  constructor(memory: PushMemory | undefined, signal: AbortSignal) {
    this.#memory = memory;
    this.#signal = signal;
  }

  take(isNew: boolean): number | Promise<number> {
    return this.#admit(isNew, 0);
  }

  /** As `take()`, for records of which `storedBytes` are in memory already. */
  takeMore(storedBytes: number): number | Promise<number> {
    return this.#admit(false, storedBytes);
  }

  giveBack(): void {
    this.#memory?.hold(0);
  }

  /** So many bytes have been read and decoded. */
  holdStored(bytes: number): void {
    this.isBehind = false;
    this.#storedBytes = bytes;
    this.holdPush(Math.min(bytes, this.dataBytesMax));
  }

  /** A push of so much data is made of what is stored. */
  holdPush(dataBytes: number): void {
    this.#memory?.hold(this.#storedBytes + Math.ceil(dataBytes * encodedPart));
  }

  /** The reader has taken a push in so many milliseconds. */
  pace(elapsedMs: number): void {
    this.#isPrompt = elapsedMs <= promptMs;
    this.#paceBytes = this.#isPrompt
      ? Math.min(pushBytesMax, this.#paceBytes * 2)
      : Math.max(pushBytesMin, Math.floor((this.#paceBytes * promptMs) / elapsedMs));
  }

  #admit(isInMemory: boolean, keptBytes: number): number | Promise<number> {
    this.isBehind = true;
    const bytesMax = Math.ceil(this.#paceBytes * pushPart);
    const bytesMin = Math.ceil(Math.min(this.#paceBytes, shortPushBytesMax) * pushPart);
    const demand = { bytesMax, bytesMin, keptBytes, isInMemory, isPrompt: this.#isPrompt, signal: this.#signal };
    const admitted = this.#memory?.admit(demand) ?? bytesMax;
    return typeof admitted === "number" ? this.#use(admitted) : admitted.then((bytes) => this.#use(bytes));
  }

  #use(admittedBytes: number): number {
    this.dataBytesMax = Math.floor(admittedBytes / pushPart);
    return this.dataBytesMax;
  }
}
