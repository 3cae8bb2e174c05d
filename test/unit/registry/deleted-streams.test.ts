import assert from "node:assert/strict";
import { test } from "node:test";
import { DeletedStreams, latestEpochSecondOf } from "../../../src/registry/deleted-streams.ts";
import { createdMs, streamOf } from "../streams/stream-of.ts";
import { ScriptedDocumentStore } from "./scripted-document-store.ts";

const place = ["123456789012", "eu-west-1", "orders"] as const;

test("the last second of a name is the latest that was ever recorded, until it is forgotten", async () => {
  const deletedStreams = new DeletedStreams(new ScriptedDocumentStore());
  assert.equal(await deletedStreams.lastSecond(...place), 0);
  await deletedStreams.recordLastSecond(...place, 100);
  await deletedStreams.recordLastSecond(...place, 90);
  assert.equal(await deletedStreams.lastSecond(...place), 100);
  assert.equal(await deletedStreams.lastSecond(place[0], "us-east-1", place[2]), 0);
  await deletedStreams.forgetNamesBefore(100);
  assert.equal(await deletedStreams.lastSecond(...place), 100);
  await deletedStreams.forgetNamesBefore(101);
  assert.equal(await deletedStreams.lastSecond(...place), 0);
});

test("two servers that record the last second of a name at once leave the later second", async () => {
  const documents = new ScriptedDocumentStore();
  const [one, other] = [new DeletedStreams(documents), new DeletedStreams(documents)];
  await Promise.all([
    one.recordLastSecond(...place, 7),
    other.recordLastSecond(...place, 9),
    one.recordLastSecond(...place, 8),
  ]);
  assert.equal(await other.lastSecond(...place), 9);
});

test("a drop is pending from its beginning to its end, both harmless to repeat", async () => {
  const deletedStreams = new DeletedStreams(new ScriptedDocumentStore());
  const drop = { streamId: "stream-1", shards: [{ streamId: "stream-1", shardIndex: 0, placement: { log: 3 } }] };
  await deletedStreams.beginDrop(drop);
  await deletedStreams.beginDrop(drop);
  assert.deepEqual(await deletedStreams.pendingDrops(), [drop]);
  await deletedStreams.endDrop("stream-1");
  await deletedStreams.endDrop("stream-1");
  assert.deepEqual(await deletedStreams.pendingDrops(), []);
});

test("lastSecondUsed() is the latest of clock, create seconds and closes", () => {
  const stream = streamOf(2);
  const second = createdMs / 1000;
  assert.equal(latestEpochSecondOf(stream, createdMs + 5999), second + 5);
  assert.equal(latestEpochSecondOf(stream, 0), second);
  const [first, ...others] = stream.shards;
  assert.ok(first !== undefined);
  const closed = { ...first, closed: { second: second + 9, end: 1n, closedMs: 0 } };
  assert.equal(latestEpochSecondOf({ ...stream, shards: [closed, ...others] }, 0), second + 9);
});

test("a stream deleted while CREATING has used its planned create second", () => {
  const intent = { kind: "create", operationId: "o", dueMs: 0, createSecond: 77, opening: [] } as const;
  assert.equal(latestEpochSecondOf({ ...streamOf(1), shards: [], intent }, 0), 77);
});

test("lastSecondUsed() counts the ARNs of consumers, present and gone", () => {
  const second = createdMs / 1000;
  const consumer = { name: "reader", createdMs: createdMs + 7_999, status: "ACTIVE", tags: {} } as const;
  assert.equal(latestEpochSecondOf(streamOf(1, { consumers: [consumer] }), createdMs), second + 7);
  assert.equal(latestEpochSecondOf(streamOf(1, { consumerSecondUsed: second + 9 }), createdMs), second + 9);
});
