import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { EngineError } from "../../../src/engine/engine-error.ts";
import type { ShardRef } from "../../../src/engine/shard-log.ts";
import { recordFailure } from "../../../src/model/record-errors.ts";
import { readPage } from "../../../src/shards/read-page.ts";
import { storeRecords } from "../../../src/shards/store-records.ts";
import { encryptUnder } from "../../../src/streams/data-keys.ts";
import { incomingRecords } from "../../support/incoming-records-of.ts";
import { type OpenShardServices, openShardServices, splitFirst } from "./open-shard-services.ts";

const switchWaitMs = 5_000;
/** Hash keys in the lowest eighth, the second eighth, and the upper half of the key space. */
const [lowest, second, upper] = [0n, 2n ** 125n + 5n, 2n ** 127n];

function records(...hashKeys: readonly bigint[]) {
  return incomingRecords(hashKeys.map((hashKey, i) => ({ key: "k", data: `record ${i}`, hashKey })));
}

async function countIn({ engine }: OpenShardServices, ref: ShardRef): Promise<number> {
  const { entries } = await engine.log.read(ref, 1n, { entriesMax: 100, bytesMax: 10_000 });
  return entries.reduce((sum, { count }) => sum + count, 0);
}

function shard(index: number): string {
  return `shardId-${String(index).padStart(12, "0")}`;
}

test("storeRecords() sends the records of all shards with one append, in the order of the request", async () => {
  let appends = 0;
  const opened = await openShardServices(2, (log) => ({
    appendBatch: (batch) => {
      appends += 1;
      return log.appendBatch(batch);
    },
  }));
  const results = await storeRecords(opened.room, opened.live, records(lowest, upper, second));
  assert.equal(appends, 1);
  assert.deepEqual(results.shardIds, [shard(0), shard(1), shard(0)]);
  assert.equal(results.failures, undefined);
  const [first, , third] = results.sequenceNumbers.map((number) => BigInt(number ?? 0));
  assert.equal((third ?? 0n) - (first ?? 0n), 2n ** 80n);
  await opened.close();
});

test("records that meet a sealed shard wait for the switch and go to its children; the others are not stored again", async () => {
  const opened = await openShardServices(2);
  const { room, live } = opened;
  const next = await splitFirst(opened, live);
  const storing = storeRecords(room, live, records(lowest, upper, 2n ** 126n + 9n));
  await nextTurn();
  const children = await room.registry.replace(live, next);
  const results = await storing;
  assert.deepEqual(results.shardIds, [shard(2), shard(1), shard(3)]);
  assert.equal(results.failures, undefined);
  for (const child of children.stream.shards)
    assert.equal(await countIn(opened, children.ref(child)), child.index === 0 ? 0 : 1);
  assert.equal(opened.clock.pendingDelayCount, 0);
  await opened.close();
});

test("records of an encrypted stream that meet a sealed shard are encrypted again for the children that take them", async () => {
  const opened = await openShardServices(1);
  const { room } = opened;
  const made = await room.keys.make(opened.live.stream, "alias/mine");
  const live = await room.registry.replace(opened.live, encryptUnder(opened.live.stream, made, 0));
  const next = await splitFirst(opened, live);
  const storing = storeRecords(room, live, records(lowest, upper));
  await nextTurn();
  const children = await room.registry.replace(live, next);
  assert.deepEqual((await storing).shardIds, [shard(1), shard(2)]);
  for (const child of children.stream.shards.slice(1)) {
    const page = await readPage(room, children, child, 1n, 10);
    assert.deepEqual([page.records.count, page.records.slices[0]?.kms], [1, true]);
  }
  await opened.close();
});

test("records are appended before anything is awaited when they are plain, or their key is at hand", async () => {
  let appends = 0;
  const opened = await openShardServices(1, (log) => ({
    appendBatch: (batch) => {
      appends += 1;
      return log.appendBatch(batch);
    },
  }));
  const { room } = opened;
  const plain = storeRecords(room, opened.live, records(lowest));
  assert.equal(appends, 1);
  await plain;
  const made = await room.keys.make(opened.live.stream, "alias/mine");
  const live = await room.registry.replace(opened.live, encryptUnder(opened.live.stream, made, 0));
  await storeRecords(room, live, records(lowest));
  const sealed = storeRecords(room, live, records(lowest));
  assert.equal(appends, 3);
  await sealed;
  await opened.close();
});

test("other changes of the stream while a switch is waited for use up no patience", async () => {
  const opened = await openShardServices(1);
  const { room } = opened;
  let { live } = opened;
  const next = await splitFirst(opened, live);
  const storing = storeRecords(room, live, records(lowest));
  for (let change = 0; change < 12; change++) {
    await nextTurn();
    live = await room.registry.replace(live, { ...live.stream, tags: { change: String(change) } });
  }
  await nextTurn();
  await room.registry.replace(live, next);
  assert.deepEqual((await storing).shardIds, [shard(1)]);
  await opened.close();
});

test("a child that is split again before its first record arrives passes it on", async () => {
  const opened = await openShardServices(1);
  const { room, live } = opened;
  const storing = splitFirst(opened, live).then(async (next) => {
    const stored = storeRecords(room, live, records(2n ** 128n - 1n));
    const first = await room.registry.replace(live, next);
    // The children in turn: the upper one is the last of the document, so it is made the first.
    const shards = [...first.stream.shards].reverse();
    const again = await splitFirst(opened, await room.registry.replace(first, { ...first.stream, shards }));
    await nextTurn();
    const current = room.registry.current(live);
    assert(current !== undefined);
    await room.registry.replace(current, again);
    return await stored;
  });
  const results = await storing;
  assert.equal(results.failures, undefined);
  assert.match(results.shardIds[0] ?? "", /shardId-00000000000[24]/);
  await opened.close();
});

test("a switch that does not come in time fails the records that wait for it, and only them", async () => {
  const opened = await openShardServices(2);
  const { room, live, clock } = opened;
  await splitFirst(opened, live);
  const storing = storeRecords(room, live, records(upper, lowest));
  await nextTurn();
  await clock.advance(switchWaitMs);
  const results = await storing;
  assert.deepEqual([...results.shardIds], [shard(1), undefined]);
  assert.deepEqual(results.failures, new Map([[1, recordFailure]]));
  await opened.close();
});

test("records that meet a sealed shard of a stream that is being deleted, or is gone, fail at once", async () => {
  for (const end of ["DELETING", "gone"]) {
    const opened = await openShardServices(1);
    const { room, live } = opened;
    await splitFirst(opened, live);
    const storing = storeRecords(room, live, records(lowest));
    await nextTurn();
    if (end === "gone") await room.registry.remove(live);
    else await room.registry.replace(live, { ...live.stream, status: "DELETING" });
    assert.deepEqual((await storing).failures, new Map([[0, recordFailure]]));
    await opened.close();
  }
});

test("errors of the engine become failures of each record; what is no engine's error is thrown", async () => {
  let error: Error = new EngineError("unavailable", "the disk is away");
  const opened = await openShardServices(2, () => ({
    appendBatch: async () => {
      throw error;
    },
  }));
  const { room, live } = opened;
  const unavailable = await storeRecords(room, live, records(lowest, upper));
  assert.deepEqual(unavailable.failures, new Map([0, 1].map((i) => [i, recordFailure])));
  assert.deepEqual([...unavailable.sequenceNumbers], [undefined, undefined]);
  error = new EngineError("throttled", "The budget is full.");
  const throttled = await storeRecords(room, live, records(lowest));
  const failure = { code: "ProvisionedThroughputExceededException", message: "The budget is full." };
  assert.deepEqual(throttled.failures, new Map([[0, failure]]));
  error = new TypeError("ours");
  await assert.rejects(storeRecords(room, live, records(lowest)), error);
  await opened.close();
});
