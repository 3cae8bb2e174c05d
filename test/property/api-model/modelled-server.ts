import assert from "node:assert/strict";
import type { Engine } from "../../../src/engine/engine.ts";
import { type ListedShard, listShards } from "../../support/listed-shards.ts";
import type { SimulatedClock } from "../../support/simulated-clock.ts";
import type { TestServer } from "../../support/test-server.ts";
import { checkStream } from "./check-stream.ts";
import { type ModelShard, StreamModel, shardIndexOf, type Work } from "./stream-model.ts";

/** A reader's place, as a client holds it: the token, and what the model knows that it stands for. */
export interface HeldIterator {
  readonly token: string;
  readonly stream: StreamModel;
  readonly shard: ModelShard;
  readonly from: number;
  readonly createdMs: number;
}

const iteratorsHeldMax = 12;

/** The server and the model of it, side by side through the same time. */
export class ModelledServer {
  readonly server: TestServer;
  readonly clock: SimulatedClock;
  readonly transitionDelayMs: number;
  /** What a restart does to the engine; without it the engine goes on. */
  readonly #reopen: (() => Promise<Engine>) | undefined;
  readonly streams = new Map<string, StreamModel>();
  readonly iterators: HeldIterator[] = [];
  readonly consumerArns = new Set<string>();
  recordCount = 0;
  /** By name: the greatest number that any stream of the name, gone now, has shown. */
  readonly #numberFloors = new Map<string, bigint>();

  constructor(
    server: TestServer,
    clock: SimulatedClock,
    options: { readonly transitionDelayMs: number; readonly reopen: (() => Promise<Engine>) | undefined },
  ) {
    this.server = server;
    this.clock = clock;
    this.transitionDelayMs = options.transitionDelayMs;
    this.#reopen = options.reopen;
  }

  get nowMs(): number {
    return this.clock.nowMs();
  }

  /** Where a transition that begins now ends, on the monotonic clock. */
  get dueMs(): number {
    return this.clock.monotonicMs() + this.transitionDelayMs;
  }

  async restart(): Promise<void> {
    await this.server.restart(this.#reopen);
  }

  hold(iterator: HeldIterator): void {
    this.iterators.push(iterator);
    if (this.iterators.length > iteratorsHeldMax) this.iterators.shift();
  }

  create(name: string, shardCount: number): StreamModel {
    const model = new StreamModel(name, shardCount, this.#numberFloors.get(name) ?? 0n);
    this.streams.set(name, model);
    this.begin(model, "create", "CREATING");
    return model;
  }

  begin(model: StreamModel, what: Work, status: StreamModel["status"]): void {
    model.status = status;
    model.work = { what, dueMs: this.dueMs };
  }

  /** Lets time pass; what falls due on the way is done at its own moment, here and there. */
  async wait(ms: number): Promise<void> {
    const endMs = this.clock.monotonicMs() + ms;
    await this.finishDue();
    for (let dueMs = this.#nextDueMs(); dueMs <= endMs; dueMs = this.#nextDueMs()) {
      await this.clock.advance(dueMs - this.clock.monotonicMs());
      await this.finishDue();
    }
    await this.clock.advance(endMs - this.clock.monotonicMs());
    await this.finishDue();
  }

  /** Waits for every transition, so that nothing hangs on how far the wall clock is stepped. */
  async stepClock(ms: number): Promise<void> {
    for (let dueMs = this.#nextDueMs(); dueMs < Number.POSITIVE_INFINITY; dueMs = this.#nextDueMs()) {
      await this.wait(Math.max(0, dueMs - this.clock.monotonicMs()));
    }
    this.clock.set(this.nowMs + ms);
    await this.finishDue();
  }

  async finishDue(): Promise<void> {
    await this.server.untilIdle();
    const monotonicMs = this.clock.monotonicMs();
    for (const model of this.streams.values()) {
      model.noteExpiry(this.nowMs);
      for (const consumer of [...model.consumers.values()]) {
        if (consumer.dueMs === undefined || consumer.dueMs > monotonicMs) continue;
        consumer.dueMs = undefined;
        if (consumer.status === "CREATING") consumer.status = "ACTIVE";
        else model.consumers.delete(consumer.name);
      }
      if (model.work !== undefined && model.work.dueMs <= monotonicMs) await this.#finish(model, model.work.what);
    }
  }

  async check(name: string | undefined): Promise<void> {
    const model = name === undefined ? undefined : this.streams.get(name);
    if (model !== undefined) await checkStream(this.server, model, this.nowMs);
  }

  async checkAll(): Promise<void> {
    for (const model of this.streams.values()) await checkStream(this.server, model, this.nowMs);
    const { StreamNames } = await this.server.expectOk<{ StreamNames: readonly string[] }>("ListStreams", {});
    assert.deepEqual(StreamNames, [...this.streams.keys()].sort(), "streams");
  }

  #nextDueMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { work, consumers } of this.streams.values()) {
      next = Math.min(next, work?.dueMs ?? next);
      for (const { dueMs } of consumers.values()) next = Math.min(next, dueMs ?? next);
    }
    return next;
  }

  async #finish(model: StreamModel, what: Work): Promise<void> {
    model.work = undefined;
    if (what === "delete") {
      this.#removeStream(model);
      return;
    }
    model.status = "ACTIVE";
    if (what === "create") model.openInitialShards();
    else if (typeof what === "object" && "closing" in what) model.switch(what, this.nowMs);
    else if (typeof what === "object") this.#adopt(model, what.target, await listShards(this.server, model.name));
    // Numbers are learned at the switch: a shard may have left the listings by the time that the clock stands still again.
    await checkStream(this.server, model, this.nowMs);
  }

  #removeStream(model: StreamModel): void {
    this.streams.delete(model.name);
    let floor = model.numberFloor;
    for (const { startingNumber = 0n, endingNumber = 0n, records } of model.shards.values()) {
      for (const number of [startingNumber, endingNumber, records.at(-1)?.number ?? 0n]) {
        if (number > floor) floor = number;
      }
    }
    this.#numberFloors.set(model.name, floor);
  }

  /**
   * By which splits and merges a resize comes to its target is the server's choice. What it may do is not: each of them takes
   * open shards and leaves their keys covered, and in the end the target's shards are equal to within as many keys.
   */
  #adopt(model: StreamModel, target: number, listed: readonly ListedShard[]): void {
    const made = listed.filter(({ ShardId }) => shardIndexOf(ShardId) >= model.nextIndex).map(shardOf);
    for (let first = made[0]; first !== undefined; first = made[0]) {
      const isSplit = first.parents.length === 1;
      const opening = made.splice(0, isSplit ? 2 : 1);
      const parents = first.parents.map((index) => model.shard(index));
      for (const { closedMs } of parents) assert.equal(closedMs, undefined, "open shards are split and merged");
      for (const child of opening) assert.deepEqual(child.parents, first.parents, "both halves have one parent");
      const [whole] = isSplit ? parents : opening;
      const [lower, upper] = isSplit ? opening : parents;
      assert.deepEqual(
        [lower?.start, (lower?.end ?? 0n) + 1n, upper?.end],
        [whole?.start, upper?.start, whole?.end],
        "a split makes halves of a shard, a merge makes one of neighbours",
      );
      model.switch({ closing: first.parents, opening }, this.nowMs);
    }
    assert.equal(model.open.length, target, "a resize ends at its target");
    const step = 2n ** 128n / BigInt(target);
    for (const [k, { start }] of model.open.entries()) {
      const off = start - BigInt(k) * step;
      assert(off >= -BigInt(target) && off <= BigInt(target), `shard ${k} of ${target} begins ${off} keys off`);
    }
  }
}

function shardOf({ ParentShardId, AdjacentParentShardId, HashKeyRange: range }: ListedShard) {
  const parents = [ParentShardId, AdjacentParentShardId].filter((id) => id !== undefined).map(shardIndexOf);
  return { parents, start: BigInt(range.StartingHashKey), end: BigInt(range.EndingHashKey) };
}
