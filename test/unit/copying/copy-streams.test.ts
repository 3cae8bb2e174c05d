import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type CopyCounts, copyStreams } from "../../../src/copying/copy-streams.ts";
import type { EmbeddedEngine } from "../../../src/engine/embedded/embedded-engine.ts";
import type { RecordKind } from "../../../src/queues/queue-calls.ts";
import type { ReceivedRecords } from "../../../src/records/received-records.ts";
import { storeRecords } from "../../../src/shards/store-records.ts";
import { smallEngine } from "../../support/embedded-engine.ts";
import { incomingRecords } from "../../support/incoming-records-of.ts";
import { QueueSession } from "../../support/queue-session.ts";
import { receivedTexts } from "../../support/received-texts.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { SimulatedDisk } from "../../support/simulated-disk.ts";

const settings = {
  shardCount: 2,
  receiveCountMax: 2,
  visibilitySeconds: 30,
  // So that the state log is in its second generation, and names the first one, which the target has under the same number.
  changeBytesMax: 200,
  inFlightMax: 1_000,
};

class Opened {
  readonly clock: SimulatedClock;
  readonly engine: EmbeddedEngine;
  #session: QueueSession | undefined;

  constructor(disk: SimulatedDisk, nowMs: number) {
    this.clock = new SimulatedClock(nowMs);
    this.engine = smallEngine(disk, { clock: this.clock });
  }

  get session(): QueueSession {
    assert(this.#session !== undefined);
    return this.#session;
  }

  async openSession(epoch: number): Promise<void> {
    await this.engine.open();
    this.#session = await QueueSession.open(this.engine, this.clock, settings, epoch);
  }

  async close(): Promise<void> {
    await this.#session?.close();
    await this.engine.close();
  }

  async put(prefix: string, count: number): Promise<void> {
    const records = Array.from({ length: count }, (_, i) => ({ key: `${prefix} ${i}`, data: `${prefix} ${i}` }));
    const { shards, ref } = this.session;
    assert.equal((await storeRecords(shards, ref.revision, incomingRecords(records))).failures, undefined);
  }

  /** What can be received now. */
  async receive(kind: RecordKind): Promise<readonly ReceivedRecords[]> {
    const { queues, ref } = this.session;
    const { signal } = new AbortController();
    for (const all: ReceivedRecords[] = []; ; ) {
      const receiving = queues.receive(ref, { kind, recordsMax: 10, waitSeconds: 1, signal });
      for (let turns = 20; turns > 0; turns -= 1) await nextTurn();
      await this.clock.advance(1_100);
      const received = await receiving;
      if (received.records.count === 0) return all;
      all.push(received);
    }
  }

  async acknowledge(kind: RecordKind, handles: readonly string[]): Promise<void> {
    const outcomes = await this.session.queues.acknowledge(this.session.ref, kind, handles);
    assert.deepEqual(new Set(outcomes), new Set([undefined]));
  }

  /** Acknowledges every record that the queue still gives out. Returns each with its kind and count. */
  async drain(): Promise<readonly string[]> {
    const lines: string[] = [];
    for (const kind of ["live", "dead"] as const) {
      for (const received of await this.receive(kind)) {
        await this.acknowledge(kind, received.receiptHandles);
        const texts = receivedTexts(received);
        lines.push(...texts.map((text, i) => `${text} ${kind} ${received.receiveCounts[i]}`));
      }
    }
    return lines.sort();
  }
}

function handlesOf(all: readonly ReceivedRecords[]): readonly string[] {
  return all.flatMap(({ receiptHandles }) => receiptHandles);
}

/** Records that were acknowledged, tried once, tried too often, restored, and not received yet. */
async function fill(source: Opened): Promise<void> {
  await source.put("first", 50);
  await source.acknowledge("live", handlesOf(await source.receive("live")).slice(0, 30));
  await source.clock.advance(31_000);
  await source.receive("live");
  await source.clock.advance(31_000);
  const dead = handlesOf(await source.receive("dead"));
  await source.acknowledge("dead", dead.slice(0, 5));
  await source.session.queues.restore(source.session.ref, dead.slice(5, 9));
  await source.put("second", 10);
  await source.receive("live");
  await source.clock.advance(31_000);
  for (let left = 5; left > 0; left -= 1) {
    await source.put(`alone ${left}`, 1);
  }
}

test("a copied queue gives out exactly what its source would have, also when the copy was cut off anywhere", async () => {
  const random = new SeededRandom(1);
  const newDisk = () => new SimulatedDisk({ direct: true, random: () => random.next() });
  const sourceDisk = newDisk();
  const source = new Opened(sourceDisk, 1_000_000);
  await source.openSession(1);
  await fill(source);
  assert.equal(source.session.ref.queue.stateLog?.generation, 2);
  await source.close();
  const nowMs = source.clock.nowMs();

  let targetDisk = newDisk();
  let cutCount = 0;
  for (let isCopied = false; !isCopied; ) {
    const [from, to] = [new Opened(sourceDisk, nowMs), new Opened(targetDisk, nowMs)];
    await from.engine.open();
    targetDisk.syncCountMax = 3 + cutCount * 4;
    const counts: CopyCounts = { streams: 0, shards: 0, queues: 0, documents: 0, records: 0, bytes: 0 };
    try {
      await to.engine.open();
      await copyStreams(from.engine, to.engine, counts, () => undefined);
      assert.deepEqual([counts.streams, counts.queues], [1, 1]);
      isCopied = true;
    } catch (error) {
      if (!targetDisk.isOff) throw error;
      cutCount += 1;
    }
    // The power goes, also behind the end of the copy.
    const before = targetDisk;
    targetDisk = before.crash("lose");
    before.isOff = true;
    await from.engine.close();
  }
  assert(cutCount > 0);

  const drained: (readonly string[])[] = [];
  for (const disk of [sourceDisk, targetDisk]) {
    for (const epoch of [2, 3]) {
      const opened = new Opened(disk, nowMs);
      await opened.openSession(epoch);
      drained.push(await opened.drain());
      await opened.close();
    }
  }
  const [expected = [], again, found, foundAgain] = drained;
  assert.deepEqual([found, foundAgain], [expected, again]);
  assert.deepEqual(again, []);
  const kindsOf = (kind: string): number => expected.filter((line) => line.includes(kind)).length;
  assert.deepEqual([kindsOf("live"), kindsOf("dead")], [19, 11]);
});
