import assert from "node:assert/strict";
import { test } from "node:test";
import { DeletedStreams } from "../../../src/registry/deleted-streams.ts";
import { ScriptedCatalog } from "../directory/scripted-catalog.ts";

const place = ["123456789012", "eu-west-1", "orders"] as const;

test("the last second of a name is the latest that was ever recorded, until it is forgotten", async () => {
  const deletedStreams = new DeletedStreams(new ScriptedCatalog());
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

test("two servers that recordLastSecond a name at once leave the later second", async () => {
  const catalog = new ScriptedCatalog();
  const [one, other] = [new DeletedStreams(catalog), new DeletedStreams(catalog)];
  await Promise.all([
    one.recordLastSecond(...place, 7),
    other.recordLastSecond(...place, 9),
    one.recordLastSecond(...place, 8),
  ]);
  assert.equal(await other.lastSecond(...place), 9);
});

test("a drop is pending from its beginning to its end, both harmless to repeat", async () => {
  const deletedStreams = new DeletedStreams(new ScriptedCatalog());
  const drop = { streamId: "stream-1", shards: [{ streamId: "stream-1", shardIndex: 0, placement: { log: 3 } }] };
  await deletedStreams.beginDrop(drop);
  await deletedStreams.beginDrop(drop);
  assert.deepEqual(await deletedStreams.pendingDrops(), [drop]);
  await deletedStreams.endDrop("stream-1");
  await deletedStreams.endDrop("stream-1");
  assert.deepEqual(await deletedStreams.pendingDrops(), []);
});
