// The rules of a stream, written a second time and as plainly as possible. Nothing here comes from the server: where the two
// differ, one of them is wrong.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";

const hourMs = 3_600_000;
const hashKeyMax = 2n ** 128n - 1n;

export interface ModelRecord {
  readonly number: bigint;
  readonly key: string;
  readonly data: string;
  readonly kms: boolean;
  readonly arrivalMs: number;
  /** It was expired once: should a clock that is set back make it young again, it may be served or not. */
  wasExpired: boolean;
}

export interface ModelShard {
  readonly index: number;
  readonly parents: readonly number[];
  readonly start: bigint;
  readonly end: bigint;
  readonly records: ModelRecord[];
  /** Learned when the shard is first listed; checked then. */
  startingNumber: bigint | undefined;
  endingNumber: bigint | undefined;
  closedMs: number | undefined;
  /** When this has expired no reader can need the shard any more. */
  neededUntilMs: number;
  wasExpired: boolean;
}

export interface ModelConsumer {
  readonly name: string;
  status: "CREATING" | "ACTIVE" | "DELETING";
  arn: string;
  /** On the monotonic clock. */
  dueMs: number | undefined;
}

export type Work = "create" | "settle" | "delete" | Reshard | { readonly target: number };

interface Reshard {
  readonly closing: readonly number[];
  readonly opening: readonly Pick<ModelShard, "parents" | "start" | "end">[];
}

export type ModelStatus = "CREATING" | "ACTIVE" | "UPDATING" | "DELETING";

/** One stream from its creation to its end. Another one of its name is another one. */
export class StreamModel {
  readonly name: string;
  /** Every number of the stream is above those of earlier streams of its name. */
  readonly numberFloor: bigint;
  readonly shards = new Map<number, ModelShard>();
  readonly tags = new Map<string, string>();
  readonly consumers = new Map<string, ModelConsumer>();
  status: ModelStatus = "CREATING";
  work: { readonly what: Work; readonly dueMs: number } | undefined;
  onDemand: boolean;
  auto = false;
  encrypted = false;
  monitored = false;
  recordKiB = 1024;
  retentionHours = 24;
  nextIndex = 0;
  readonly #initialCount: number;
  /** What had arrived before this was expired when retention grew; growing does not bring it back. */
  #lostBeforeMs = Number.NEGATIVE_INFINITY;
  #neededUntilMs = 0;

  constructor(name: string, shardCount: number, numberFloor: bigint) {
    this.name = name;
    this.onDemand = shardCount === 0;
    this.#initialCount = shardCount === 0 ? 4 : shardCount;
    this.numberFloor = numberFloor;
  }

  get open(): readonly ModelShard[] {
    return [...this.shards.values()].filter((shard) => shard.closedMs === undefined).sort(byStart);
  }

  shard(index: number): ModelShard {
    return this.shards.get(index) ?? assert.fail(`${this.name} has a shard ${index}`);
  }

  children(index: number): readonly ModelShard[] {
    return [...this.shards.values()].filter(({ parents }) => parents.includes(index));
  }

  horizonMs(nowMs: number): number {
    // No retention is shorter than a day: what is younger by the clock, set back as it may be, is not lost.
    const lostBeforeMs = Math.min(this.#lostBeforeMs, nowMs - 24 * hourMs);
    return Math.max(nowMs - this.retentionHours * hourMs, lostBeforeMs);
  }

  setRetention(hours: number, nowMs: number): void {
    if (hours > this.retentionHours) this.#lostBeforeMs = this.horizonMs(nowMs);
    this.retentionHours = hours;
  }

  /** The open shard of a key; undefined where records are spread evenly and any will do. */
  route(key: string, place: bigint | undefined): ModelShard | undefined {
    if (this.auto) return undefined;
    const hashKey = place ?? BigInt(`0x${createHash("md5").update(key).digest("hex")}`);
    const found = this.open.filter(({ start, end }) => start <= hashKey && hashKey <= end);
    assert.equal(found.length, 1, "the model's own shards tile the key space");
    return found[0];
  }

  openInitialShards(): void {
    const step = (hashKeyMax + 1n) / BigInt(this.#initialCount);
    for (let i = 0; i < this.#initialCount; i++) {
      const isLast = i + 1 === this.#initialCount;
      const start = step * BigInt(i);
      this.#open({ parents: [], start, end: isLast ? hashKeyMax : start + step - 1n });
    }
  }

  switch({ closing, opening }: Reshard, nowMs: number): void {
    // Where the clock was set back some shards have records, or closings, ahead of it: the listing may keep all for that long.
    const aheadMs = [...this.shards.values()].map((shard) => shard.records.at(-1)?.arrivalMs ?? 0);
    this.#neededUntilMs = Math.max(nowMs, this.#neededUntilMs, ...aheadMs);
    for (const index of closing) {
      const shard = this.shard(index);
      assert.equal(shard.closedMs, undefined);
      shard.closedMs = nowMs;
      shard.neededUntilMs = this.#neededUntilMs;
    }
    for (const shard of opening) this.#open(shard);
  }

  /** Remembers what has been expired at some moment. To be called whenever time or retention has moved. */
  noteExpiry(nowMs: number): void {
    const horizon = this.horizonMs(nowMs);
    for (const shard of this.shards.values()) {
      for (const record of shard.records) {
        if (record.arrivalMs >= horizon) break;
        record.wasExpired = true;
      }
      if (shard.closedMs !== undefined && shard.closedMs < horizon) shard.wasExpired = true;
    }
  }

  /** Whether a listing has to have the shard, or may have it. */
  listed(shard: ModelShard, nowMs: number): "yes" | "maybe" | "no" {
    if (shard.closedMs === undefined) return "yes";
    const horizon = this.horizonMs(nowMs);
    if (shard.records.some((record) => !record.wasExpired)) return "yes";
    if (shard.closedMs >= horizon && !shard.wasExpired) return "yes";
    return shard.neededUntilMs < horizon ? "no" : "maybe";
  }

  /** Which records of a shard a reader at `from` may begin with: from the first unexpired to the first never expired. */
  readable(shard: ModelShard, from: number, nowMs: number): { readonly first: number; readonly last: number } {
    const horizon = this.horizonMs(nowMs);
    const first = indexOrLength(shard.records, (record) => record.arrivalMs >= horizon);
    const last = indexOrLength(shard.records, (record) => record.arrivalMs >= horizon && !record.wasExpired);
    return { first: Math.max(from, first), last: Math.max(from, last) };
  }

  #open({ parents, start, end }: Pick<ModelShard, "parents" | "start" | "end">): void {
    const index = this.nextIndex;
    this.nextIndex += 1;
    this.shards.set(index, {
      index,
      parents,
      start,
      end,
      records: [],
      startingNumber: undefined,
      endingNumber: undefined,
      closedMs: undefined,
      neededUntilMs: 0,
      wasExpired: false,
    });
  }
}

export function indexOrLength<Item>(items: readonly Item[], holds: (item: Item) => boolean): number {
  const index = items.findIndex(holds);
  return index === -1 ? items.length : index;
}

function byStart(one: { readonly start: bigint }, other: { readonly start: bigint }): number {
  return one.start < other.start ? -1 : 1;
}

/** Hex digits of version 2: `2`, create second 9, shard 1, counter 16, `00`, second 9, shard 8, `2`. */
export function numberParts(number: bigint): {
  readonly createSecond: number;
  readonly counter: bigint;
  readonly second: number;
  readonly shardIndex: number;
} {
  const hex = number.toString(16);
  assert.match(hex, /^2.{26}00.{17}2$/, "a sequence number of version 2");
  return {
    createSecond: Number(`0x${hex.slice(1, 10)}`),
    counter: BigInt(`0x${hex.slice(11, 27)}`),
    second: Number(`0x${hex.slice(29, 38)}`),
    shardIndex: Number(`0x${hex.slice(38, 46)}`),
  };
}

export function shardId(index: number): string {
  return `shardId-${String(index).padStart(12, "0")}`;
}

export function shardIndexOf(id: string): number {
  assert.match(id, /^shardId-[0-9]{12}$/);
  return Number(id.slice("shardId-".length));
}
