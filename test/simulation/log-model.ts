import assert from "node:assert/strict";
import type { ReadResult, ShardRef, StoredEntry } from "../../src/engine/shard-log.ts";

/**
 * - `sent`     in flight, or its result is unknown: it is stored whole, or not at all
 * - `stored`   acknowledged, or seen by a reader: it must exist until it expires
 * - `refused`  not stored: it must never be seen
 */
type Fate = "sent" | "stored" | "refused";

export interface SentEntry {
  readonly id: number;
  readonly count: number;
  readonly timeMs: number;
  readonly body: Buffer;
  /** Milliseconds, at the earliest; the engine's clock may be ahead. */
  readonly storedMsMin: number;
  fate: Fate;
  /** Known once it is stored. */
  position: bigint | undefined;
  /** As a reader saw it. */
  storedMs: number | undefined;
}

/** A `sent` change may have happened, now or after a restart. */
export type Change = "none" | "sent" | "done";

/** What one shard log must hold, by all results of its engine. */
export class LogModel {
  readonly ref: ShardRef;
  readonly name: string;
  readonly entries: SentEntry[] = [];
  seal: Change = "none";
  drop: Change = "none";
  /** Milliseconds; each may be the one that the engine applies. 0: no limit. */
  #retentions: readonly number[] = [0];
  /** What was stored before may be gone. */
  #horizonMs = 0;

  constructor(ref: ShardRef) {
    this.ref = ref;
    this.name = `${ref.streamId}/${ref.shardIndex} (log ${ref.placement["log"]})`;
  }

  /** Called before an entry is appended; entries of a log are appended in this order. */
  send(count: number, bodyBytes: number, nowMs: number): SentEntry {
    const id = this.entries.length;
    const body = Buffer.alloc(bodyBytes, `${this.name}#${id}|`);
    body.write(`${id}|`);
    const entry: SentEntry = {
      id,
      count,
      timeMs: nowMs,
      body,
      storedMsMin: nowMs,
      fate: "sent",
      position: undefined,
      storedMs: undefined,
    };
    this.entries.push(entry);
    return entry;
  }

  retain(retentionMs: number, nowMs: number): void {
    this.#retentions = [...this.#retentions, retentionMs];
    this.timePasses(nowMs);
  }

  retained(retentionMs: number): void {
    const last = this.#retentions.lastIndexOf(retentionMs);
    this.#retentions = this.#retentions.slice(Math.max(0, last));
  }

  timePasses(nowMs: number): void {
    for (const retentionMs of this.#retentions) {
      if (retentionMs > 0) this.#horizonMs = Math.max(this.#horizonMs, nowMs - retentionMs);
    }
  }

  /** One past the last record that must be there. */
  get storedEnd(): bigint {
    const last = this.entries.findLast(({ fate }) => fate === "stored");
    return last === undefined ? 1n : (last.position ?? 0n) + BigInt(last.count);
  }

  /** Compares a page with the model, and takes the entries in it for stored. */
  checkPage(from: bigint, { entries, next, tip }: ReadResult, storedEndBefore: bigint): void {
    assert(tip >= storedEndBefore, `${this.name}: the tip ${tip} is before the end ${storedEndBefore}`);
    this.checkEntries(from, entries);
    const last = entries.at(-1);
    if (last !== undefined) assert.equal(next, last.position + BigInt(last.count), `${this.name}: where to read on`);
    else if (from < storedEndBefore) this.requireGone(from, next < storedEndBefore ? next : storedEndBefore);
  }

  checkEntries(from: bigint, entries: readonly StoredEntry[]): void {
    let next: bigint | undefined;
    for (const found of entries) {
      const sent = this.#identify(found);
      if (next === undefined) this.#checkFirst(from, found);
      else assert.equal(found.position, next, `${this.name}: entry ${sent.id} does not follow`);
      next = found.position + BigInt(found.count);
    }
  }

  /** Decides the entries whose result was unknown, once all entries have been read. */
  settle(seen: readonly StoredEntry[]): void {
    const ids = new Set(seen.map((found) => this.#identify(found).id));
    for (const entry of this.entries) if (entry.fate === "sent" && !ids.has(entry.id)) entry.fate = "refused";
    this.#checkOrder();
  }

  mayBeGone({ storedMs, storedMsMin }: SentEntry): boolean {
    return this.hasExpired(storedMs ?? storedMsMin);
  }

  hasExpired(storedMs: number): boolean {
    return storedMs < this.#horizonMs;
  }

  #identify(found: StoredEntry): SentEntry {
    const body = Buffer.from(found.body.buffer, found.body.byteOffset, found.body.byteLength);
    const id = Number.parseInt(body.toString("latin1", 0, 12), 10);
    const isFalse = `${this.name}: position ${found.position} has bytes that were never sent`;
    const sent = this.entries[id] ?? assert.fail(isFalse);
    assert(sent.body.equals(body), isFalse);
    const place = `${this.name}: entry ${id} at ${found.position}`;
    assert.notEqual(sent.fate, "refused", `${place} was refused and exists`);
    assert.deepEqual([found.count, found.timeMs], [sent.count, sent.timeMs], place);
    assert.equal(found.position, sent.position ?? found.position, `${place} was stored elsewhere`);
    assert.equal(found.storedMs, sent.storedMs ?? found.storedMs, `${place} changed its time`);
    assert(found.storedMs >= sent.storedMsMin, `${place} was stored before it was sent`);
    sent.position = found.position;
    sent.storedMs = found.storedMs;
    sent.fate = "stored";
    return sent;
  }

  /** The first entry contains the position asked for, or all entries before it may be expired. */
  #checkFirst(from: bigint, { position, count }: StoredEntry): void {
    if (position > from) this.requireGone(from, position);
    else assert(from < position + BigInt(count), `${this.name}: ${position} does not reach ${from}`);
  }

  /** Asserts that all entries between two positions may be expired. */
  requireGone(from: bigint, to: bigint): void {
    for (const entry of this.entries) {
      if (entry.fate !== "stored" || entry.position === undefined) continue;
      if (entry.position + BigInt(entry.count) <= from || entry.position >= to) continue;
      assert(this.mayBeGone(entry), `${this.name}: entry ${entry.id} at ${entry.position} is missing`);
    }
  }

  /** Asserts that stored entries follow one another in the order in which they were sent, and times never decrease. */
  #checkOrder(): void {
    let next: bigint | undefined;
    let lastMs = 0;
    for (const { fate, position, count, storedMs, id } of this.entries) {
      if (fate !== "stored" || position === undefined) continue;
      // An entry that expired before a read is unknown.
      if (next !== undefined) assert(position >= next, `${this.name}: entry ${id} overlaps`);
      next = position + BigInt(count);
      assert((storedMs ?? lastMs) >= lastMs, `${this.name}: times fall at entry ${id}`);
      lastMs = storedMs ?? lastMs;
    }
  }
}
