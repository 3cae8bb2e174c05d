import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { EngineError, PartialAppendError } from "../../../src/engine/engine-error.ts";
import type { ShardRef } from "../../../src/engine/shard-log.ts";
import { recordFailure } from "../../../src/model/record-errors.ts";
import { isEncoded, keyNumberOf } from "../../../src/records/entry-encoding.ts";
import { pageBytesIn, readPage } from "../../../src/shards/read-page.ts";
import { storeRecords } from "../../../src/shards/store-records.ts";
import { startEncrypting } from "../../../src/streams/data-keys.ts";
import { incomingRecords } from "../../support/incoming-records-of.ts";
import { type OpenShardServices, openShardServices, splitFirst } from "./open-shard-services.ts";

const switchWaitMs = 12_000;
/** An election of the servers of a cluster. */
const electionMs = 9_000;
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
  const results = await storeRecords(opened.services, opened.revision, records(lowest, upper, second));
  assert.equal(appends, 1);
  assert.deepEqual(results.shardIds, [shard(0), shard(1), shard(0)]);
  assert.equal(results.failures, undefined);
  const [first, , third] = results.sequenceNumbers.map((number) => BigInt(number ?? 0));
  assert.equal((third ?? 0n) - (first ?? 0n), 2n ** 80n);
  await opened.close();
});

test("records that meet a sealed shard wait for the switch and go to its children; the others are not stored again", async () => {
  const opened = await openShardServices(2);
  const { services, revision } = opened;
  const next = await splitFirst(opened, revision);
  const storing = storeRecords(services, revision, records(lowest, upper, 2n ** 126n + 9n));
  await nextTurn();
  const children = await services.registry.replace(revision, next);
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
  const { services } = opened;
  const made = await services.keys.make(opened.revision.stream, "alias/mine");
  const revision = await services.registry.replace(opened.revision, startEncrypting(opened.revision.stream, made, 0));
  const next = await splitFirst(opened, revision);
  const storing = storeRecords(services, revision, records(lowest, upper));
  await nextTurn();
  const children = await services.registry.replace(revision, next);
  assert.deepEqual((await storing).shardIds, [shard(1), shard(2)]);
  for (const child of children.stream.shards.slice(1)) {
    const page = await readPage(services, children, child, 1n, { recordsMax: 10, bytesMax: pageBytesIn() });
    assert.deepEqual([page.records.count, page.records.slices[0]?.kms], [1, true]);
  }
  await opened.close();
});

test("fear: records that wait for a switch are stored in clear after encryption was turned on", async () => {
  const opened = await openShardServices(1);
  const { services, revision } = opened;
  const next = await splitFirst(opened, revision);
  const storing = storeRecords(services, revision, records(lowest, upper));
  await nextTurn();
  const made = await services.keys.make(revision.stream, "alias/mine");
  // A gateway that was cut off learns of both changes at once.
  const children = await services.registry.replace(revision, startEncrypting(next, made, 0));
  assert.deepEqual((await storing).shardIds, [shard(1), shard(2)]);
  for (const child of children.stream.shards.slice(1)) {
    const { entries } = await opened.engine.log.read(children.ref(child), 1n, { entriesMax: 10, bytesMax: 10_000 });
    assert.deepEqual(
      entries.map(({ body }) => isEncoded(body) && keyNumberOf(body)),
      [1],
    );
    const page = await readPage(services, children, child, 1n, { recordsMax: 10, bytesMax: pageBytesIn() });
    assert.deepEqual([page.records.count, page.records.slices[0]?.kms], [1, true]);
  }
  await opened.close();
});

test("fear: records that were routed before encryption was turned on are stored in clear behind its fence", async () => {
  const opened = await openShardServices(2);
  const { services, revision, engine } = opened;
  const [first] = revision.openRefs;
  assert(first !== undefined);
  await engine.log.fenceBefore(first, 1);
  const storing = storeRecords(services, revision, records(lowest, upper));
  await nextTurn();
  // Only what comes with a later epoch ends the wait.
  const tagged = await services.registry.replace(revision, { ...revision.stream, tags: { a: "b" } });
  await nextTurn();
  const made = await services.keys.make(revision.stream, "alias/mine");
  await services.registry.replace(tagged, startEncrypting(tagged.stream, made, 0));
  const { shardIds, failures } = await storing;
  assert.deepEqual([[...shardIds], failures], [[shard(0), shard(1)], undefined]);
  const keys: (number | undefined)[] = [];
  for (const ref of revision.openRefs) {
    const { entries } = await engine.log.read(ref, 1n, { entriesMax: 10, bytesMax: 10_000 });
    keys.push(...entries.map(({ body }) => (isEncoded(body) ? keyNumberOf(body) : undefined)));
  }
  assert.deepEqual(keys, [1, undefined], "each record once, and the one behind the fence under the new key");
  await opened.close();
});

test("fear: a key that cannot be used after a switch fails records that are stored already", async () => {
  const opened = await openShardServices(2);
  const { services, revision } = opened;
  const next = await splitFirst(opened, revision);
  const storing = storeRecords(services, revision, records(lowest, upper));
  await nextTurn();
  const unusable = { keyId: "alias/mine", wrapped: Buffer.from("of no provider").toString("base64") };
  await services.registry.replace(revision, startEncrypting(next, unusable, 0));
  const { shardIds, failures } = await storing;
  assert.deepEqual([...shardIds], [undefined, shard(1)]);
  assert.deepEqual(failures, new Map([[0, recordFailure]]));
  await opened.close();
});

test("records are appended before anything is awaited when they are plain, or their key is in memory", async () => {
  let appends = 0;
  const opened = await openShardServices(1, (log) => ({
    appendBatch: (batch) => {
      appends += 1;
      return log.appendBatch(batch);
    },
  }));
  const { services } = opened;
  const plain = storeRecords(services, opened.revision, records(lowest));
  assert.equal(appends, 1);
  await plain;
  const made = await services.keys.make(opened.revision.stream, "alias/mine");
  const revision = await services.registry.replace(opened.revision, startEncrypting(opened.revision.stream, made, 0));
  await storeRecords(services, revision, records(lowest));
  const encrypted = storeRecords(services, revision, records(lowest));
  assert.equal(appends, 3);
  await encrypted;
  await opened.close();
});

test("other changes of the stream do not shorten the wait for a switch", async () => {
  const opened = await openShardServices(1);
  const { services } = opened;
  let { revision } = opened;
  const next = await splitFirst(opened, revision);
  const storing = storeRecords(services, revision, records(lowest));
  for (let change = 0; change < 12; change++) {
    await nextTurn();
    revision = await services.registry.replace(revision, { ...revision.stream, tags: { change: String(change) } });
  }
  await nextTurn();
  await services.registry.replace(revision, next);
  assert.deepEqual((await storing).shardIds, [shard(1)]);
  await opened.close();
});

test("a child that is split again before its first record arrives passes it on", async () => {
  const opened = await openShardServices(1);
  const { services, revision } = opened;
  const storing = splitFirst(opened, revision).then(async (next) => {
    const stored = storeRecords(services, revision, records(2n ** 128n - 1n));
    const first = await services.registry.replace(revision, next);
    // The children in turn: the upper one is the last of the document, so it is made the first.
    const shards = [...first.stream.shards].reverse();
    const again = await splitFirst(opened, await services.registry.replace(first, { ...first.stream, shards }));
    await nextTurn();
    const current = services.registry.current(revision);
    assert(current !== undefined);
    await services.registry.replace(current, again);
    return await stored;
  });
  const results = await storing;
  assert.equal(results.failures, undefined);
  assert.match(results.shardIds[0] ?? "", /shardId-00000000000[24]/);
  await opened.close();
});

test("a switch that does not come in time fails the records that wait for it, and only them", async () => {
  const opened = await openShardServices(2);
  const { services, revision, clock } = opened;
  await splitFirst(opened, revision);
  const storing = storeRecords(services, revision, records(upper, lowest));
  await nextTurn();
  await clock.advance(switchWaitMs);
  const results = await storing;
  assert.deepEqual([...results.shardIds], [shard(1), undefined]);
  assert.deepEqual(results.failures, new Map([[1, recordFailure]]));
  await opened.close();
});

test("records do not fail when an election comes between the seal of their shard and the switch", async () => {
  const opened = await openShardServices(1);
  const { services, revision, clock } = opened;
  const next = await splitFirst(opened, revision);
  const storing = storeRecords(services, revision, records(lowest));
  await nextTurn();
  await clock.advance(electionMs);
  await services.registry.replace(revision, next);
  assert.equal((await storing).failures, undefined);
  await opened.close();
});

test("records that meet a sealed shard of a stream that is being deleted, or is gone, fail at once", async () => {
  for (const end of ["DELETING", "gone"]) {
    const opened = await openShardServices(1);
    const { services, revision } = opened;
    await splitFirst(opened, revision);
    const storing = storeRecords(services, revision, records(lowest));
    await nextTurn();
    if (end === "gone") await services.registry.remove(revision);
    else await services.registry.replace(revision, { ...revision.stream, status: "DELETING" });
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
  const { services, revision } = opened;
  const unavailable = await storeRecords(services, revision, records(lowest, upper));
  assert.deepEqual(
    unavailable.failures,
    new Map([0, 1].map((i) => [i, { code: recordFailure.code, message: "the disk is away" }])),
  );
  assert.deepEqual([...unavailable.sequenceNumbers], [undefined, undefined]);
  error = new EngineError("throttled", "The budget is full.");
  const throttled = await storeRecords(services, revision, records(lowest));
  const failure = { code: "ProvisionedThroughputExceededException", message: "The budget is full." };
  assert.deepEqual(throttled.failures, new Map([[0, failure]]));
  error = new TypeError("ours");
  await assert.rejects(storeRecords(services, revision, records(lowest)), error);
  await opened.close();
});

test("when the shards of some records fail, those records fail, each by itself, and the others are stored", async () => {
  const down = new EngineError("unavailable", "The servers of the log elect a leader.");
  const opened = await openShardServices(2, (log) => ({
    appendBatch: async (batch) => {
      const positions = await log.appendBatch({ ...batch, count: 1 });
      throw new PartialAppendError("indeterminate", BigUint64Array.of(positions[0] ?? 0n, 0n), new Map([[1, down]]));
    },
  }));
  const results = await storeRecords(opened.services, opened.revision, records(lowest, upper, second));
  const failure = { code: "InternalFailure", message: down.message };
  assert.deepEqual(results.failures, new Map([[1, failure]]));
  assert.deepEqual(results.shardIds, [shard(0), undefined, shard(0)]);
  assert.equal(opened.clock.pendingDelayCount, 0, "no record waits for a split");
  await opened.close();
});

test("a record that meets a sealed shard is routed again although another shard failed", async () => {
  let appends = 0;
  const down = new EngineError("unavailable", "The servers of the log elect a leader.");
  const opened = await openShardServices(2, (log) => ({
    appendBatch: async (batch) => {
      appends += 1;
      if (appends > 1) return log.appendBatch(batch);
      throw new PartialAppendError("unavailable", BigUint64Array.of(0n, 0n), new Map([[1, down]]));
    },
  }));
  const { services, revision } = opened;
  const next = await splitFirst(opened, revision);
  const storing = storeRecords(services, revision, records(lowest, upper));
  await nextTurn();
  await services.registry.replace(revision, next);
  const results = await storing;
  assert.deepEqual(results.shardIds, [shard(2), undefined]);
  assert.deepEqual(
    [...(results.failures ?? [])].map(([index]) => index),
    [1],
  );
  await opened.close();
});
