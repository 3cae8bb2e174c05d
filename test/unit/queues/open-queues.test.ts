import assert from "node:assert/strict";
import { test } from "node:test";
import { EngineError } from "../../../src/engine/engine-error.ts";
import { StreamCiphers } from "../../../src/shards/stream-ciphers.ts";
import { startEncrypting } from "../../../src/streams/data-keys.ts";
import { receivedTexts } from "../../support/received-texts.ts";
import { SwitchedKeys } from "../../support/switched-keys.ts";
import { splitFirst } from "../shards/open-shard-services.ts";
import { OpenedQueue } from "./opened-queue.ts";

const hourMs = 3_600_000;

test("a put wakes the receives that wait, in the order in which they came", async () => {
  const queue = await OpenedQueue.open();
  const first = queue.receive({ recordsMax: 2 });
  const second = queue.receive({ recordsMax: 2 });
  await queue.rest();
  await queue.put("a", "b", "c");
  assert.deepEqual(receivedTexts(await first), ["a", "b"]);
  assert.deepEqual(receivedTexts(await second), ["c"]);
  await queue.close();
});

test("a receive whose caller leaves takes nothing in flight, and the next one gets the record", async () => {
  const queue = await OpenedQueue.open();
  const leaving = new AbortController();
  const left = queue.receive({ signal: leaving.signal });
  await queue.rest();
  leaving.abort();
  await queue.put("a");
  assert.deepEqual(receivedTexts(await left), []);
  assert.equal(queue.figures?.inFlightCount, 0);
  assert.deepEqual(await queue.receiveTexts(), ["a"]);
  await queue.close();
});

test("a record that is not acknowledged is visible again when its time is over, and not before", async () => {
  const queue = await OpenedQueue.open({ row: { visibilitySeconds: 5 } });
  await queue.put("a");
  const { receiveCounts } = await queue.receive();
  assert.deepEqual(receiveCounts, [1]);
  await queue.opened.clock.advance(4_900);
  assert.equal(queue.figures?.inFlightCount, 1);
  const again = queue.receive();
  await queue.opened.clock.advance(200);
  const received = await again;
  assert.deepEqual([receivedTexts(received), received.receiveCounts], [["a"], [2]]);
  await queue.close();
});

test("records that come again take at most half of a receive while others were never received", async () => {
  const queue = await OpenedQueue.open({ row: { visibilitySeconds: 1 } });
  await queue.put(...Array.from({ length: 20 }, (_, i) => `old ${i}`));
  for (let i = 0; i < 2; i++) await queue.receive();
  await queue.opened.clock.advance(1_100);
  await queue.put(...Array.from({ length: 20 }, (_, i) => `new ${i}`));
  const texts = await queue.receiveTexts({ visibilitySeconds: 60 });
  assert.equal(texts.filter((text) => text.startsWith("old")).length, 5);
  assert.equal(texts.length, 10);
  await queue.close();
});

test("records of both sides of a split are received, and a receive that waits is woken by a child", async () => {
  const queue = await OpenedQueue.open();
  await queue.put("a", "b");
  const taken = await queue.receive({ recordsMax: 1 });
  const split = await splitFirst(queue.opened, queue.revision);
  await queue.change(() => split);
  assert.deepEqual(await queue.receiveTexts(), ["b"]);
  const waiting = queue.receive();
  await queue.rest();
  await queue.put("c");
  assert.deepEqual(receivedTexts(await waiting), ["c"]);
  assert.deepEqual(await queue.queues.acknowledge(queue.ref, "live", taken.receiptHandles), [undefined]);
  await queue.close();
});

test("records that have expired are gone: those never received, those in flight, and dead letters", async () => {
  const queue = await OpenedQueue.open({ row: { receiveCountMax: 1, visibilitySeconds: 43_200 } });
  await queue.put("dead", "in flight", "unseen");
  const { receiptHandles } = await queue.receive({ recordsMax: 2 });
  const [receiptHandle = ""] = receiptHandles;
  await queue.queues.changeVisibility(queue.ref, "live", [{ receiptHandle, visibilitySeconds: 0 }]);
  assert.equal(queue.figures?.visibleDeadLetterCount, 1);
  for (let hours = 0; hours < 25; hours++) await queue.opened.clock.advance(hourMs);
  await queue.rest();
  const { visibleCount, inFlightCount, visibleDeadLetterCount } = queue.figures ?? {};
  assert.deepEqual([visibleCount, inFlightCount, visibleDeadLetterCount], [0, 0, 0]);
  assert.deepEqual(await queue.receiveTexts(), []);
  assert.deepEqual(await queue.queues.acknowledge(queue.ref, "live", receiptHandles), [undefined, undefined]);
  await queue.close();
});

test("records that arrived before the queue's start, which may lie ahead, are not in the queue", async () => {
  const queue = await OpenedQueue.open();
  const startMs = queue.opened.clock.nowMs() + 10_000;
  await queue.change((stream) => ({ ...stream, queues: (stream.queues ?? []).map((row) => ({ ...row, startMs })) }));
  await queue.put("early");
  assert.deepEqual(await queue.receiveTexts(), []);
  await queue.put("early too");
  await queue.opened.clock.advance(10_000);
  await queue.put("late");
  assert.deepEqual(await queue.receiveTexts(), ["late"]);
  await queue.reopen();
  assert.deepEqual(await queue.receiveTexts(), ["late"]);
  await queue.close();
});

test("at the bound of records in flight a receive waits until one is acknowledged", async () => {
  const queue = await OpenedQueue.open({ options: { inFlightMax: 2 } });
  await queue.put("a", "b", "c");
  const { receiptHandles } = await queue.receive();
  assert.equal(receiptHandles.length, 2);
  const waiting = queue.receive();
  await queue.rest();
  await queue.queues.acknowledge(queue.ref, "live", receiptHandles.slice(1));
  assert.deepEqual(receivedTexts(await waiting), ["c"]);
  await queue.close();
});

test("a refused key rejects the receive, takes nothing in flight, and hides no record that can be read", async () => {
  const queue = await OpenedQueue.open();
  const { services, clock } = queue.opened;
  const provider = new SwitchedKeys();
  const keys = new StreamCiphers({ provider, registry: services.registry, clock });
  Object.assign(services, { keys });
  await queue.put("plain");
  const made = await keys.make(queue.revision.stream, "alias/mine");
  await queue.change((stream) => startEncrypting(stream, made, clock.nowMs()));
  await queue.put("encrypted");
  await clock.advance(6 * 60_000);
  provider.refusal = "disabled";
  assert.deepEqual(await queue.receiveTexts(), ["plain"]);
  await assert.rejects(queue.receive(), /the key is disabled/);
  assert.equal(queue.figures?.inFlightCount, 1, "the one that was received before");
  provider.refusal = undefined;
  await clock.advance(31_000);
  assert.deepEqual((await queue.receiveTexts()).toSorted(), ["encrypted", "plain"]);
  await queue.close();
});

test("a fault of the storage rejects the receive that met it, and no other call", async () => {
  let isBroken = false;
  const queue = await OpenedQueue.open({
    own: (log) => ({
      read: async (...args) => {
        if (isBroken) throw new EngineError("unavailable", "the disk is gone");
        return await log.read(...args);
      },
    }),
  });
  await queue.receiveTexts();
  isBroken = true;
  await queue.put("a");
  await assert.rejects(queue.receive(), /the disk is gone/);
  isBroken = false;
  await queue.opened.clock.advance(1_100);
  assert.deepEqual(await queue.receiveTexts(), ["a"]);
  await queue.close();
});

test("an acknowledgement that the engine refuses is answered so, and the record comes again when its time is over", async () => {
  let isFull = false;
  const queue = await OpenedQueue.open({
    own: (log) => ({
      appendBatch: async (batch) => {
        if (isFull) throw new EngineError("throttled", "the disk is full");
        return await log.appendBatch(batch);
      },
    }),
  });
  await queue.put("a");
  const { receiptHandles } = await queue.receive();
  isFull = true;
  assert.deepEqual(await queue.queues.acknowledge(queue.ref, "live", receiptHandles), ["throttled"]);
  assert.equal(queue.figures?.inFlightCount, 1);
  isFull = false;
  await queue.opened.clock.advance(29_500);
  assert.deepEqual(await queue.receiveTexts(), ["a"]);
  await queue.close();
});

test("the state log stays small, and the next start finds what was acknowledged and counted", async () => {
  const queue = await OpenedQueue.open({ row: { visibilitySeconds: 1 }, options: { changeBytesMax: 2_000 } });
  await queue.put("stuck");
  await queue.receive();
  for (let i = 0; i < 100; i++) {
    await queue.put(`record ${i}`);
    const { receiptHandles } = await queue.receive({ visibilitySeconds: 30 });
    assert.deepEqual(await queue.queues.acknowledge(queue.ref, "live", receiptHandles), [undefined]);
  }
  await queue.opened.clock.advance(2_000);
  await queue.rest();
  const { generation = 0, placement = {} } = queue.ref.queue.stateLog ?? {};
  assert(generation > 2, `generation ${generation}`);
  const { log } = queue.opened.services;
  const tip = await log.seek({ streamId: queue.ref.queue.id, shardIndex: generation, placement }, { at: "newest" });
  assert(tip < 60n, `${tip} entries`);
  const before = { streamId: queue.ref.queue.id, shardIndex: generation - 1, placement: {} };
  await assert.rejects(log.seek(before, { at: "newest" }), { kind: "not_found" });
  await queue.reopen();
  const received = await queue.receive({ visibilitySeconds: 30 });
  assert.deepEqual([receivedTexts(received), received.receiveCounts], [["stuck"], [2]]);
  await queue.close();
});

test("a queue that is deleted ends the receives that wait, and frees its state log", async () => {
  const queue = await OpenedQueue.open();
  const waiting = queue.receive({ waitSeconds: 20 });
  await queue.rest();
  const { queue: row } = queue.ref;
  await queue.change((stream) => ({ ...stream, queues: [{ ...row, status: "DELETING" }] }));
  assert.deepEqual(receivedTexts(await waiting), []);
  await queue.queues.drop(row);
  await queue.queues.drop(row);
  const ref = { streamId: row.id, shardIndex: 1, placement: {} };
  await assert.rejects(queue.opened.services.log.seek(ref, { at: "newest" }), { kind: "not_found" });
  await queue.close();
});
