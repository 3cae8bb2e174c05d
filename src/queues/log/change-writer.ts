import { ByteWriter } from "./byte-writer.ts";
import { type Change, change, entryKind, writeEntryHead } from "./state-entry.ts";

/** A fuller entry is closed and another one begun: well below what an engine takes. */
const entryBytesMax = 256 * 1024;

/** Collects changes into as few entries as possible. Consecutive positions with equal values are one run. */
export class ChangeWriter {
  readonly #writer = new ByteWriter();
  readonly #runs = new ByteWriter();
  #closed: Uint8Array[] = [];
  #shardIndex = -1;
  #change: Change | undefined;
  #runCount = 0;
  /** Where the run before the open one ended; gaps count from there. */
  #lastEnd = 0;
  #start = 0;
  #end = 0;
  #receiveCount = 0;
  #second = 0;

  get isEmpty(): boolean {
    return this.#change === undefined && this.#closed.length === 0;
  }

  done(shardIndex: number, position: number): void {
    this.#add(change.done, shardIndex, position, 0, 0);
  }

  counted(shardIndex: number, position: number, receiveCount: number, second: number): void {
    this.#add(change.counted, shardIndex, position, receiveCount, second);
  }

  dead(shardIndex: number, position: number, receiveCount: number, second: number): void {
    this.#add(change.dead, shardIndex, position, receiveCount, second);
  }

  /** The bodies of entries with all changes so far, in order. Begins again with none. */
  take(): readonly Uint8Array[] {
    this.#closeEntry();
    const bodies = this.#closed;
    this.#closed = [];
    return bodies;
  }

  #add(what: Change, shardIndex: number, position: number, receiveCount: number, second: number): void {
    if (this.#change !== what || this.#shardIndex !== shardIndex) {
      this.#closeGroup();
      if (this.#writer.length > entryBytesMax) this.#closeEntry();
      this.#change = what;
      this.#shardIndex = shardIndex;
    } else if (position === this.#end && receiveCount === this.#receiveCount && second === this.#second) {
      this.#end += 1;
      return;
    } else this.#closeRun();
    if (this.#runs.length > entryBytesMax) {
      this.#closeEntry();
      this.#change = what;
      this.#shardIndex = shardIndex;
    }
    this.#start = position;
    this.#end = position + 1;
    this.#receiveCount = receiveCount;
    this.#second = second;
  }

  #closeRun(): void {
    this.#runs.signed(this.#start - this.#lastEnd);
    this.#runs.number(this.#end - this.#start);
    if (this.#change !== change.done) {
      this.#runs.number(this.#receiveCount);
      this.#runs.number(this.#second);
    }
    this.#lastEnd = this.#end;
    this.#runCount += 1;
    this.#start = this.#end;
  }

  #closeGroup(): void {
    if (this.#change === undefined) return;
    if (this.#start < this.#end) this.#closeRun();
    if (this.#writer.length === 0) writeEntryHead(this.#writer, entryKind.changes);
    this.#writer.number(this.#shardIndex);
    this.#writer.byte(this.#change);
    this.#writer.number(this.#runCount);
    this.#writer.append(this.#runs.written);
    this.#runs.clear();
    this.#runCount = 0;
    this.#lastEnd = 0;
    this.#change = undefined;
  }

  #closeEntry(): void {
    this.#closeGroup();
    if (this.#writer.length === 0) return;
    this.#closed.push(Uint8Array.from(this.#writer.written));
    this.#writer.clear();
  }
}
