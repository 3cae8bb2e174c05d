// Random steps on the state of a queue and on a naive model of it; what differs is an error with its seed.
// Long because: a method for each kind of step.
import assert from "node:assert/strict";
import { ChangeWriter } from "../../../src/queues/log/change-writer.ts";
import { snapshotEntries } from "../../../src/queues/log/snapshot-entries.ts";
import { applyEntry } from "../../../src/queues/log/state-entry.ts";
import type { DeliveryReceipt } from "../../../src/queues/state/delivery-receipt.ts";
import { noSlot } from "../../../src/queues/state/delivery-table.ts";
import { QueueState } from "../../../src/queues/state/queue-state.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { type ModelChange, type ModelRecord, RecordModel } from "./record-model.ts";

/** Steps of one queue; then another one begins, of another size. */
const stepsPerSeed = 2_000;
/** Steps between two comparisons of every record. */
const comparedEvery = 97;
/** Records of a queue, so that the model stays quick. */
/** Positions that no record has, between two batches. */
const gapMax = 10_000;
const recordsMax = 3_000;
const handlesKept = 400;

interface Written {
  readonly body: Uint8Array;
  readonly changes: readonly ModelChange[];
}

/** Throws at the first difference. Returns how often each kind of step was taken. */
export async function runSeeds(firstSeed: number, stepCount: number): Promise<Readonly<Record<string, number>>> {
  const taken: Record<string, number> = {};
  let left = stepCount;
  for (let seed = firstSeed; left > 0; seed += 1) {
    const steps = Math.min(left, stepsPerSeed);
    try {
      new Run(seed, taken).run(steps);
    } catch (error) {
      throw new Error(`The state of a queue differs from its model: seed ${seed}, one of ${steps} steps.`, {
        cause: error,
      });
    }
    left -= steps;
  }
  return taken;
}

class Run {
  readonly #random: SeededRandom;
  readonly #taken: Record<string, number>;
  readonly #model = new RecordModel();
  readonly #tips = new Map<number, number>();
  readonly #floors = new Map<number, number>();
  readonly #batchMax: number;
  readonly #timeoutMax: number;
  #state: QueueState;
  #changes = new ChangeWriter();
  #modelChanges: ModelChange[] = [];
  /** Entries of the log, durable ones; and those that are being written. */
  #log: Written[] = [];
  #writing: Written[] = [];
  #snapshot: Generator<Uint8Array, void> | undefined;
  #next: Written[] = [];
  #deliveries: DeliveryReceipt[] = [];
  /** Whether positions have gaps, as on an engine with several writers. */
  readonly #hasGaps: boolean;
  readonly #gaps: { readonly shard: number; readonly from: number; readonly to: number }[] = [];
  #tick = 0;
  #second = 1_000;

  constructor(seed: number, taken: Record<string, number>) {
    this.#random = new SeededRandom(seed);
    this.#taken = taken;
    this.#batchMax = this.#random.integer(1, 300);
    this.#timeoutMax = 10 ** this.#random.integer(0, 5);
    this.#hasGaps = this.#random.next() < 0.5;
    this.#state = this.#newState();
    for (let shard = 0; shard < this.#random.integer(1, 4); shard += 1) this.#addShard(shard);
    this.#limit();
  }

  run(stepCount: number): void {
    const steps = {
      grow: () => this.#grow(),
      receive: () => this.#receive(),
      receiveAgain: () => this.#receiveAgain(false),
      receiveDead: () => this.#receiveAgain(true),
      acknowledge: () => this.#acknowledge(),
      restore: () => this.#restore(),
      giveBack: () => this.#giveBack(),
      move: () => this.#move(),
      time: () => this.#letTimePass(),
      write: () => this.#write(),
      settle: () => this.#settle(true),
      fail: () => this.#random.next() < 0.1 && this.#settle(false),
      expire: () => this.#random.next() < 0.1 && this.#expire(),
      limit: () => this.#random.next() < 0.1 && this.#limit(),
      snapshot: () => this.#writeSnapshot(),
      reshard: () => this.#random.next() < 0.05 && this.#addShard(this.#tips.size),
      crash: () => this.#random.next() < 0.05 && this.#crash(),
    };
    const names = Object.keys(steps) as (keyof typeof steps)[];
    for (let step = 1; step <= stepCount; step += 1) {
      const name = names[this.#random.integer(0, names.length - 1)] as keyof typeof steps;
      if (steps[name]() !== false) this.#taken[name] = (this.#taken[name] ?? 0) + 1;
      this.#compareCounts();
      if (step % comparedEvery === 0) this.#compareRecords();
    }
    this.#finishAll();
  }

  #newState(): QueueState {
    const state: QueueState = new QueueState({
      tick: this.#tick,
      ended: (slot) => {
        const { table } = state;
        const { shardIndex } = state.cursorOfSlot(slot);
        const position = table.position[slot] as number;
        const count = table.receiveCount[slot] as number;
        const second = table.firstReceiveSecond[slot] as number;
        if (table.isDead[slot] === 1) this.#changes.dead(shardIndex, position, count, second);
        else this.#changes.counted(shardIndex, position, count, second);
      },
    });
    return state;
  }

  #addShard(index: number): void {
    // Positions of an old stream are large.
    const floor = this.#random.next() < 0.5 ? 1 : this.#random.integer(1, 3) * 2 ** 33 - this.#random.integer(0, 5_000);
    this.#floors.set(index, floor);
    this.#tips.set(index, floor);
    this.#state.addShard(index, { floor, tip: floor });
  }

  #shard(): number {
    return this.#random.integer(0, this.#tips.size - 1);
  }

  #grow(): boolean {
    if (this.#model.records.size > recordsMax) return false;
    const shard = this.#shard();
    const tip = this.#tips.get(shard) ?? 1;
    const start = this.#hasGaps ? tip + this.#random.integer(0, gapMax) : tip;
    const count = this.#random.integer(1, this.#batchMax);
    for (let i = 0; i < count; i += 1) this.#model.put(shard, start + i);
    this.#tips.set(shard, start + count);
    this.#state.grow(shard, start + count);
    if (start === tip) return true;
    this.#gaps.push({ shard, from: tip, to: start });
    this.#skip();
    return true;
  }

  /** A queue finds the gaps when it reads, again after each start. */
  #skip(): void {
    for (const { shard, from, to } of this.#gaps) {
      const cursor = this.#state.cursorOf(shard);
      assert(cursor !== undefined);
      this.#state.skip(cursor, from, to);
    }
  }

  #deadline(): number {
    return Math.max(1, this.#tick + this.#random.integer(0, this.#timeoutMax));
  }

  #receive(): boolean {
    for (const cursor of this.#state.unseenCursors()) {
      const run = this.#state.unseenRun(cursor, this.#random.integer(1, 30));
      assert(run > 0, "a cursor that has unseen records gives some");
      for (let i = 0; i < run; i += 1) {
        const record = this.#model.require(cursor.shardIndex, cursor.scan);
        assert(record.status === "unseen", `${record.position} is received for the first time and is ${record.status}`);
        const deadlineTick = this.#deadline();
        const slot = this.#state.receiveUnseen(cursor, deadlineTick, this.#second);
        Object.assign(record, { status: "in flight", receiveCount: 1, firstReceiveSecond: this.#second, deadlineTick });
        this.#noteDelivery(record, slot);
      }
      if (this.#random.next() < 0.3) this.#state.moveBack(cursor);
      return true;
    }
    assert.equal(
      this.#model.count(({ status }) => status === "unseen"),
      0,
      "unseen records are offered",
    );
    return false;
  }

  #receiveAgain(isDead: boolean): boolean {
    for (let left = this.#random.integer(1, 20); left > 0; left -= 1) {
      const slot = this.#state.firstWaiting({ isDead });
      if (slot === noSlot) return false;
      const record = this.#recordOf(slot);
      assert(record.status === "waiting" && record.isDead === isDead, `${record.status}, ${record.isDead}`);
      const deadlineTick = this.#deadline();
      this.#state.receiveWaiting(slot, deadlineTick);
      Object.assign(record, { status: "in flight", deadlineTick });
      if (!isDead) record.receiveCount += 1;
      this.#noteDelivery(record, slot);
    }
    return true;
  }

  #noteDelivery(record: ModelRecord, slot: number): void {
    record.nonce = this.#state.table.nonce[slot] as number;
    const { shardIndex, position, isDead, nonce } = record;
    this.#deliveries.push({ shardIndex, position, isDead, nonce, isOfThisEpoch: true });
    if (this.#deliveries.length > handlesKept) this.#deliveries.splice(this.#random.integer(0, handlesKept / 2), 50);
  }

  #recordOf(slot: number): ModelRecord {
    const { shardIndex } = this.#state.cursorOfSlot(slot);
    return this.#model.require(shardIndex, this.#state.table.position[slot] as number);
  }

  /** A delivery of any age, with the same standing in both; a record that it does not stand for is left alone. */
  #delivery():
    | { readonly delivery: DeliveryReceipt; readonly slot: number | "unseen"; readonly record: ModelRecord }
    | undefined {
    const delivery = this.#deliveries[this.#random.integer(0, Math.max(0, this.#deliveries.length - 1))];
    if (delivery === undefined) return undefined;
    const standing = this.#state.standingOf(delivery);
    const name = typeof standing === "number" ? "current" : standing;
    assert.equal(name, this.#model.standingOf(delivery), JSON.stringify(delivery));
    if (standing === "done" || standing === "superseded") return undefined;
    return { delivery, slot: standing, record: this.#model.require(delivery.shardIndex, delivery.position) };
  }

  #acknowledge(): boolean {
    let count = 0;
    for (let left = this.#random.integer(1, 30); left > 0; left -= 1) {
      const found = this.#delivery();
      if (found === undefined) continue;
      const { shardIndex, position } = found.delivery;
      if (found.slot !== "unseen") {
        this.#state.beginAcknowledging(found.slot);
        found.record.status = "held";
      }
      this.#changes.done(shardIndex, position);
      this.#modelChanges.push({ kind: "done", shardIndex, position });
      count += 1;
    }
    return count > 0;
  }

  #restore(): boolean {
    const found = this.#delivery();
    if (found === undefined || !found.delivery.isDead || found.slot === "unseen") return false;
    const { shardIndex, position, firstReceiveSecond: second } = found.record;
    this.#state.beginRestoring(found.slot);
    found.record.status = "held";
    this.#changes.counted(shardIndex, position, 0, second);
    this.#modelChanges.push({ kind: "counted", shardIndex, position, receiveCount: 0, second });
    return true;
  }

  #giveBack(): boolean {
    const found = this.#delivery();
    if (found === undefined || found.slot === "unseen") return false;
    assert.equal(this.#state.isInFlight(found.slot), found.record.status === "in flight");
    if (found.record.status !== "in flight") return false;
    this.#state.giveBack(found.slot);
    this.#end(found.record);
    return true;
  }

  #move(): boolean {
    const found = this.#delivery();
    if (found === undefined || found.slot === "unseen" || found.record.status !== "in flight") return false;
    found.record.deadlineTick = this.#deadline() + 1;
    this.#state.move(found.slot, found.record.deadlineTick);
    return true;
  }

  #end(record: ModelRecord): void {
    const change = this.#model.endDelivery(record);
    if (change !== undefined) this.#modelChanges.push(change);
  }

  #letTimePass(): void {
    const next = this.#state.nextTick();
    const first = Math.min(...[...this.#model.records.values()].map(dueTickOf));
    assert.equal(next === undefined, first === Number.POSITIVE_INFINITY);
    assert(next === undefined || next <= Math.max(first, this.#tick + 1), `${next} is not behind ${first}`);
    this.#tick += this.#random.integer(1, this.#timeoutMax);
    this.#second += 1;
    while (this.#state.expire(this.#tick, this.#random.integer(1, 50)));
    for (const record of this.#model.records.values()) if (dueTickOf(record) <= this.#tick) this.#end(record);
  }

  #write(): void {
    const bodies = this.#changes.take();
    for (const [index, body] of bodies.entries()) {
      // The order of the changes of one turn differs between the two; that of the entries does not.
      this.#writing.push({ body, changes: index === bodies.length - 1 ? this.#modelChanges : [] });
    }
    this.#modelChanges = [];
  }

  #settle(succeeds: boolean): boolean {
    const written = this.#writing.shift();
    if (written === undefined) return false;
    if (succeeds) {
      this.#log.push(written);
      if (this.#snapshot !== undefined) this.#next.push(written);
    }
    for (const change of written.changes) this.#settleChange(change, succeeds);
    if (!succeeds) this.#rewrite(written.changes.filter((change) => change.kind !== "done" && !isRestore(change)));
    return true;
  }

  #settleChange(change: ModelChange, succeeds: boolean): void {
    const { shardIndex, position } = change;
    const record = this.#model.find(change);
    if (change.kind !== "done" && !isRestore(change)) return;
    if (!succeeds) {
      this.#state.revert(shardIndex, position);
      if (record?.status === "held") record.status = record.deadlineTick === 0 ? "waiting" : "in flight";
      return;
    }
    if (isRestore(change)) {
      this.#state.restore(shardIndex, position);
      if (record === undefined || !record.isDead || record.status === "done") return;
      Object.assign(record, { status: "waiting", isDead: false, receiveCount: 0 });
      return;
    }
    assert.equal(this.#state.finish(shardIndex, position), record !== undefined && record.status !== "done");
    if (record !== undefined) record.status = "done";
  }

  #expire(): void {
    const shard = this.#shard();
    const floor = this.#floors.get(shard) ?? 1;
    const position = floor + this.#random.integer(0, (this.#tips.get(shard) ?? 1) - floor);
    const cursor = this.#state.cursorOf(shard);
    assert(cursor !== undefined);
    this.#state.expireBelow(cursor, position);
    this.#model.expireBelow(shard, position);
    this.#floors.set(shard, position);
  }

  #limit(): void {
    this.#model.receiveCountMax = this.#random.next() < 0.2 ? Number.POSITIVE_INFINITY : this.#random.integer(1, 5);
    this.#state.receiveCountMax = this.#model.receiveCountMax;
  }

  /** One entry of a snapshot, in a log that changes go to as well; at its end that log is the one that counts. */
  #writeSnapshot(): boolean {
    if (this.#snapshot === undefined) {
      if (this.#writing.length > 0) return false;
      this.#snapshot = snapshotEntries(this.#state);
      this.#next = [];
    }
    // Changes that are being written come before it in the log, but the state does not show all of them yet.
    this.#write();
    const { value, done } = this.#snapshot.next();
    if (value !== undefined) {
      while (this.#writing.length > 0) this.#settle(true);
      this.#next.push({ body: value, changes: [] });
    }
    if (done !== true) return true;
    while (this.#writing.length > 0) this.#settle(true);
    this.#snapshot = undefined;
    const changes = this.#log.flatMap((written) => written.changes);
    this.#log = this.#next.map(({ body }) => ({ body, changes: [] }));
    this.#log.unshift({ body: new Uint8Array(0), changes });
    return true;
  }

  /** A log that lacks changes is written again as a whole, with those that count in memory. */
  #rewrite(lost: readonly ModelChange[]): void {
    this.#log.push({ body: new Uint8Array(0), changes: lost });
    while (this.#writing.length > 0) this.#settle(true);
    this.#write();
    while (this.#writing.length > 0) this.#settle(true);
    this.#snapshot = undefined;
    while (this.#writeSnapshot() && this.#snapshot !== undefined);
  }

  #crash(): void {
    this.#write();
    const durable = [...this.#log, ...this.#writing.slice(0, this.#random.integer(0, this.#writing.length))];
    this.#log = durable;
    this.#writing = [];
    this.#snapshot = undefined;
    this.#changes = new ChangeWriter();
    this.#state = this.#newState();
    for (const [shard, tip] of this.#tips) this.#state.addShard(shard, { floor: this.#floors.get(shard) ?? 1, tip });
    this.#state.receiveCountMax = this.#model.receiveCountMax;
    for (const { body } of durable) if (body.length > 0) applyEntry(body, this.#state);
    this.#skip();
    this.#model.crash(durable.flatMap(({ changes }) => changes));
    this.#forgetRestored();
    this.#deliveries = this.#deliveries.map((delivery) => ({ ...delivery, isOfThisEpoch: false }));
    this.#compareRecords();
  }

  /** A restored record that was in flight when a snapshot was made is one that was never received. */
  #forgetRestored(): void {
    const { table } = this.#state;
    const withSlot = new Set<ModelRecord>();
    for (let slot = 0; slot < table.end; slot += 1) if (table.state[slot] !== 0) withSlot.add(this.#recordOf(slot));
    for (const record of this.#model.records.values()) {
      const isRestored = record.status === "waiting" && !record.isDead && record.receiveCount === 0;
      if (isRestored && !withSlot.has(record)) Object.assign(record, { status: "unseen", firstReceiveSecond: 0 });
    }
  }

  #compareCounts(): void {
    const state = this.#state;
    const model = this.#model;
    assert.equal(
      state.inFlightCount,
      model.count(({ status }) => status === "in flight"),
      "in flight",
    );
    assert.equal(
      state.inFlightDeadCount,
      model.count(({ status, isDead }) => status === "in flight" && isDead),
    );
    assert.equal(
      state.waitingCount,
      model.count(({ status, isDead }) => status === "waiting" && !isDead),
      "waiting",
    );
    assert.equal(
      state.visibleDeadCount,
      model.count(({ status, isDead }) => status === "waiting" && isDead),
      "dead",
    );
    assert.equal(
      state.unseenCount,
      model.count(({ status }) => status === "unseen"),
      "unseen",
    );
  }

  #compareRecords(): void {
    const { table } = this.#state;
    const seen = new Set<ModelRecord>();
    for (let slot = 0; slot < table.end; slot += 1) {
      if (table.state[slot] === 0) continue;
      const record = this.#recordOf(slot);
      seen.add(record);
      assert(record.status !== "unseen" && record.status !== "done", `${record.position} is ${record.status}`);
      const { isDead, receiveCount, firstReceiveSecond, nonce } = record;
      assert.deepEqual(
        {
          isDead: table.isDead[slot] === 1,
          receiveCount: table.receiveCount[slot],
          firstReceiveSecond: table.firstReceiveSecond[slot],
          nonce: table.nonce[slot],
        },
        { isDead, receiveCount, firstReceiveSecond, nonce },
      );
    }
    for (const record of this.#model.records.values()) {
      const isDone = this.#state.cursorOf(record.shardIndex)?.done.has(record.position);
      assert.equal(isDone, record.status === "done", `${record.shardIndex}/${record.position}`);
      if (!seen.has(record)) assert(record.status === "unseen" || record.status === "done", record.status);
    }
  }

  /** When everything is acknowledged the memory is that of an empty queue. */
  #finishAll(): void {
    this.#write();
    while (this.#writing.length > 0) this.#settle(true);
    for (const record of this.#model.records.values()) {
      if (record.status === "done") continue;
      this.#state.finish(record.shardIndex, record.position);
      record.status = "done";
    }
    this.#compareCounts();
    assert(this.#state.table.position.length <= 1024, "the table is that of an empty queue");
    for (const cursor of this.#state.cursors) {
      assert.equal(cursor.done.memberCountAboveFloor, 0);
      assert.equal(cursor.done.floor, this.#tips.get(cursor.shardIndex));
    }
  }
}

function dueTickOf({ status, deadlineTick }: ModelRecord): number {
  return status === "in flight" ? deadlineTick : Number.POSITIVE_INFINITY;
}

function isRestore(change: ModelChange): boolean {
  return change.kind === "counted" && change.receiveCount === 0;
}
