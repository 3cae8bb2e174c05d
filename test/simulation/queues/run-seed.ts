// One seed decides a workload on a queue and when the power goes; what must not be is an error with its seed.
import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { RecordKind } from "../../../src/queues/queue-calls.ts";
import type { ReceivedRecords } from "../../../src/records/received-records.ts";
import { storeRecords } from "../../../src/shards/store-records.ts";
import { seededEngine } from "../../support/embedded-engine.ts";
import { incomingRecords } from "../../support/incoming-records-of.ts";
import { QueueHistory } from "../../support/queue-history.ts";
import { QueueSession, type QueueSettings } from "../../support/queue-session.ts";
import { receivedTexts } from "../../support/received-texts.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { crashPolicyOf, SimulatedDisk } from "../../support/simulated-disk.ts";

const sessionsMax = 4;
const roundsMax = 25;
/** Handles that later calls choose from. */
const handlesMax = 60;
/** Turns in which what was begun comes to rest. */
const settlingTurns = 40;

interface Known {
  readonly recordId: string;
  readonly receiptHandle: string;
  readonly kind: RecordKind;
}

/** Throws at the first seed that breaks a promise. Returns what was seen over all. */
export async function runSeeds(first: number, count: number): Promise<Readonly<Record<string, number>>> {
  const seen = { deliveries: 0, acknowledged: 0, crashes: 0, switches: 0 };
  for (let seed = first; seed < first + count; seed += 1) {
    const run = new Run(seed);
    try {
      await run.run();
    } catch (error) {
      throw new Error(`Seed ${seed} broke a promise of queues.`, { cause: error });
    }
    seen.deliveries += run.history.deliveryCount;
    seen.acknowledged += run.history.acknowledgedCount;
    seen.crashes += run.crashCount;
    seen.switches += run.generation - 1;
  }
  return seen;
}

class Run {
  readonly history: QueueHistory;
  crashCount = 0;
  generation = 1;
  readonly #random: SeededRandom;
  readonly #settings: QueueSettings;
  readonly #isDirect: boolean;
  readonly #known: Known[] = [];
  #disk: SimulatedDisk;
  #clock = new SimulatedClock();
  #nextRecord = 0;
  /** Numbers the moments at which something was answered: two of them are never the same. */
  #moment = 0;
  #waitingCount = 0;
  /** How often a record's time was changed. */
  readonly #changes = new Map<string, number>();

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    const random = this.#random;
    this.#settings = {
      shardCount: random.integer(1, 3),
      receiveCountMax: random.integer(1, 4),
      visibilitySeconds: random.integer(0, 30),
      changeBytesMax: random.integer(200, 3_000),
      inFlightMax: random.next() < 0.3 ? random.integer(1, 30) : 1_000_000,
    };
    this.history = new QueueHistory(this.#settings.receiveCountMax);
    this.#isDirect = random.next() < 0.5;
    const diskRandom = random.fork();
    this.#disk = new SimulatedDisk({ direct: this.#isDirect, random: () => diskRandom.next() });
  }

  async run(): Promise<void> {
    for (let left = this.#random.integer(2, sessionsMax); left > 0; left -= 1) {
      if (this.#random.next() < 0.9) this.#disk.syncCountMax = this.#random.integer(1, 400);
      await this.#session((session) => this.#work(session));
      this.#check();
    }
    await this.#session((session) => this.#drain(session));
    this.history.checkDrained();
    this.#check();
  }

  #check(): void {
    assert.deepEqual(this.history.violations, []);
  }

  /** From an open to a close, or to the moment at which the power goes. */
  async #session(work: (session: QueueSession) => Promise<void>): Promise<void> {
    const engine = seededEngine(this.#disk, this.#clock, this.#random);
    try {
      await engine.open();
      const session = await QueueSession.open(engine, this.#clock, this.#settings, this.#random.integer(0, 2 ** 31));
      await work(session);
      this.generation = Math.max(this.generation, session.ref.queue.stateLog?.generation ?? 1);
      const isClosed = !this.#disk.isOff && this.#random.next() < 0.3;
      if (isClosed) await session.close();
      if (isClosed) await engine.close();
    } catch (error) {
      if (!this.#disk.isOff) throw error;
    }
    this.#crash();
  }

  #crash(): void {
    const before = this.#disk;
    this.#disk = before.crash(crashPolicyOf(this.#random.next()));
    before.isOff = true;
    this.crashCount += 1;
    this.history.crashed();
    this.#waitingCount = 0;
    const clock = new SimulatedClock(this.#clock.nowMs());
    this.#clock = clock;
  }

  async #work(session: QueueSession): Promise<void> {
    const acts = [
      () => this.#put(session),
      () => this.#put(session),
      () => this.#receive(session, "live"),
      () => this.#receive(session, "live"),
      () => this.#receive(session, "dead"),
      () => this.#acknowledge(session),
      () => this.#acknowledge(session),
      () => this.#changeVisibility(session),
      () => this.#restore(session),
      () => this.#letTimePass(),
    ];
    const disk = this.#disk;
    for (let left = this.#random.integer(1, roundsMax); left > 0 && !this.#disk.isOff; left -= 1) {
      const running: Promise<void>[] = [];
      for (let count = this.#random.integer(1, 6); count > 0; count -= 1) {
        const act = acts[this.#random.integer(0, acts.length - 1)] as (typeof acts)[number];
        running.push(act());
      }
      for (const act of running) {
        act.catch((error: unknown) => {
          if (!disk.isOff) this.history.violations.push(`a call failed on a sound disk: ${error}`);
        });
      }
      if (this.#random.next() < 0.5)
        for (let turns = this.#random.integer(1, 8); turns > 0; turns -= 1) await nextTurn();
      else await this.#rest(session);
      this.#check();
    }
  }

  /** When all has come to rest, no receive waits while a record is visible. */
  async #rest(session: QueueSession): Promise<void> {
    for (let turns = settlingTurns; turns > 0; turns -= 1) await nextTurn();
    const { queue } = session.ref;
    const figures = session.queues.figures(queue.id);
    if (figures === undefined || this.#disk.isOff || this.#waitingCount === 0) return;
    const inFlight = figures.inFlightCount + figures.inFlightDeadLetterCount;
    if (inFlight >= this.#settings.inFlightMax) return;
    assert.equal(figures.visibleCount, 0, `${this.#waitingCount} receives wait while records are visible`);
  }

  async #put({ shards, ref }: QueueSession): Promise<void> {
    const texts = Array.from({ length: this.#random.integer(1, 12) }, () => `record ${this.#nextRecord++}`);
    const disk = this.#disk;
    const records = incomingRecords(texts.map((data) => ({ data, key: data })));
    const results = await storeRecords(shards, ref.revision, records);
    if (disk !== this.#disk || disk.isOff) return;
    for (const [index, text] of texts.entries())
      if (results.failures?.get(index) === undefined) this.history.stored(text);
  }

  async #receive({ queues, ref }: QueueSession, kind: RecordKind): Promise<void> {
    const disk = this.#disk;
    const visibilitySeconds = this.#random.next() < 0.3 ? this.#random.integer(0, 60) : undefined;
    const controller = new AbortController();
    if (this.#random.next() < 0.1) void nextTurn().then(() => controller.abort());
    const { signal } = controller;
    const recordsMax = this.#random.integer(1, 10);
    const waitSeconds = this.#random.integer(1, 20);
    if (kind === "live") this.#waitingCount += 1;
    const received = await queues.receive(ref, { kind, recordsMax, waitSeconds, visibilitySeconds, signal });
    if (disk !== this.#disk) return;
    if (kind === "live") this.#waitingCount -= 1;
    this.#note(received, kind, visibilitySeconds ?? this.#settings.visibilitySeconds);
  }

  #note(received: ReceivedRecords, kind: RecordKind, visibilitySeconds: number): void {
    const texts = receivedTexts(received);
    assert.equal(texts.length, received.receiptHandles.length);
    for (const [index, recordId] of texts.entries()) {
      this.#moment += 1;
      this.history.received({
        recordId,
        kind,
        receiveCount: received.receiveCounts[index] ?? 0,
        // The record was taken in this very turn.
        sentAt: this.#clock.monotonicMs() + this.#moment * 1e-6,
        gotAt: this.#clock.monotonicMs(),
        untilAt: this.#clock.monotonicMs() + visibilitySeconds * 1000,
      });
      this.#known.push({ recordId, receiptHandle: received.receiptHandles[index] ?? "", kind });
    }
    received.records.lease?.[Symbol.dispose]();
    while (this.#known.length > handlesMax) this.#known.splice(this.#random.integer(0, handlesMax / 2), 1);
  }

  #some(kind?: RecordKind): readonly Known[] {
    const known = this.#known.filter((one) => kind === undefined || one.kind === kind);
    const count = Math.min(known.length, this.#random.integer(1, 10));
    return Array.from({ length: count }, () => known[this.#random.integer(0, known.length - 1)] as Known);
  }

  async #acknowledge({ queues, ref }: QueueSession): Promise<void> {
    const kind = this.#random.next() < 0.8 ? "live" : "dead";
    const some = this.#some(kind);
    if (some.length === 0) return;
    for (const { recordId } of some) this.history.acknowledging(recordId);
    const disk = this.#disk;
    const outcomes = await queues.acknowledge(
      ref,
      kind,
      some.map(({ receiptHandle }) => receiptHandle),
    );
    if (disk !== this.#disk) return;
    this.#moment += 1;
    for (const [index, { recordId }] of some.entries()) {
      if (outcomes[index] !== undefined) continue;
      this.history.acknowledged(recordId, this.#clock.monotonicMs() + this.#moment * 1e-6);
    }
  }

  async #changeVisibility({ queues, ref }: QueueSession): Promise<void> {
    const kind = this.#random.next() < 0.8 ? "live" : "dead";
    const some = this.#some(kind);
    if (some.length === 0) return;
    const visibilitySeconds = this.#random.next() < 0.4 ? 0 : this.#random.integer(1, 60);
    const entries = some.map(({ receiptHandle }) => ({ receiptHandle, visibilitySeconds }));
    const changes = some.map(({ recordId }) => this.#mayBeVisible(recordId));
    const untilAt = this.#clock.monotonicMs() + visibilitySeconds * 1000;
    const disk = this.#disk;
    const outcomes = await queues.changeVisibility(ref, kind, entries);
    if (disk !== this.#disk) return;
    for (const [index, { recordId }] of some.entries()) {
      // Another call that began meanwhile may have given it back.
      const isLast = this.#changes.get(recordId) === changes[index];
      if (outcomes[index] === undefined && visibilitySeconds > 0 && isLast) {
        this.history.inFlightUntil(recordId, untilAt);
      }
    }
  }

  async #restore({ queues, ref }: QueueSession): Promise<void> {
    const some = this.#some("dead");
    if (some.length === 0) return;
    for (const { recordId } of some) this.#mayBeVisible(recordId);
    await queues.restore(
      ref,
      some.map(({ receiptHandle }) => receiptHandle),
    );
  }

  /** Returns the number of the change. */
  #mayBeVisible(recordId: string): number {
    const change = (this.#changes.get(recordId) ?? 0) + 1;
    this.#changes.set(recordId, change);
    this.history.mayBeVisible(recordId);
    return change;
  }

  async #letTimePass(): Promise<void> {
    // What was answered before is noted with the time of its answer.
    await nextTurn();
    await this.#clock.advance(this.#random.integer(0, 40_000));
  }

  /** Receives and acknowledges everything, dead letters too, until nothing comes any more. */
  async #drain(session: QueueSession): Promise<void> {
    for (let emptyRounds = 0; emptyRounds < 3; ) {
      let count = 0;
      for (const kind of ["live", "dead"] as const) {
        const { signal } = new AbortController();
        const request = { kind, recordsMax: 10, waitSeconds: 1, visibilitySeconds: 5, signal };
        const receiving = session.queues.receive(session.ref, request);
        for (let turns = 10; turns > 0; turns -= 1) await nextTurn();
        await this.#clock.advance(1_100);
        const received = await receiving;
        const texts = receivedTexts(received);
        this.#note(received, kind, 5);
        for (const recordId of texts) this.history.acknowledging(recordId);
        const outcomes = await session.queues.acknowledge(session.ref, kind, received.receiptHandles);
        assert(
          outcomes.every((outcome) => outcome === undefined),
          outcomes.join(),
        );
        for (const recordId of texts) this.history.acknowledged(recordId, this.#clock.monotonicMs());
        count += texts.length;
      }
      emptyRounds = count === 0 ? emptyRounds + 1 : 0;
    }
    const figures = session.queues.figures(session.ref.queue.id);
    assert.deepEqual(
      [
        figures?.visibleCount,
        figures?.inFlightCount,
        figures?.visibleDeadLetterCount,
        figures?.inFlightDeadLetterCount,
      ],
      [0, 0, 0, 0],
      "nothing is left",
    );
  }
}
