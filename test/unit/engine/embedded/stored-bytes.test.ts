import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { ExtentList } from "../../../../src/engine/embedded/state/extent-list.ts";
import { StoredByteCounts } from "../../../../src/engine/embedded/state/stored-byte-counts.ts";
import { UnindexedEntries } from "../../../../src/engine/embedded/state/unindexed-entries.ts";
import { WalIndex } from "../../../../src/engine/embedded/state/wal-index.ts";
import { largestStreams } from "../../../../src/engine/embedded/stored-bytes.ts";
import { makeShard, openSmallEngine, store } from "../../../support/embedded-engine.ts";
import { filledOptions } from "../../../support/filled-engine.ts";
import { SimulatedDisk } from "../../../support/simulated-disk.ts";

test("of many streams the ten largest are listed, without those that hold nothing", () => {
  const stored = new StoredByteCounts();
  for (let bytes = 0; bytes < 20; bytes++) stored.of(`s${bytes}`).addWal(1, bytes);
  const listed = largestStreams(stored.all());
  assert.deepEqual(
    listed.map(({ bytes }) => bytes),
    [19, 18, 17, 16, 15, 14, 13, 12, 11, 10],
  );
  const few = new StoredByteCounts();
  few.of("empty");
  assert.deepEqual(largestStreams(few.all()), []);
});

test("a look at health visits streams, not the entries that wait to be indexed, nor logs and extents", async () => {
  const engine = await openSmallEngine(new SimulatedDisk());
  const shards = [await makeShard(engine, "a"), await makeShard(engine, "b")];
  for (const shard of shards) for (let entry = 0; entry < 50; entry++) await store(engine, shard, "x".repeat(20));
  const spies = [
    mock.method(UnindexedEntries.prototype, "index"),
    mock.method(WalIndex.prototype, "spanAt"),
    mock.method(WalIndex.prototype, "add"),
    mock.method(ExtentList.prototype, "all"),
  ];
  const { space } = await engine.health();
  assert.deepEqual(
    spies.map((spy) => spy.mock.callCount()),
    [0, 0, 0, 0],
  );
  mock.restoreAll();
  assert.deepEqual(space?.largestStreams.map(({ streamId }) => streamId).sort(), ["a", "b"]);
  await engine.close();
});

test("the bytes of a stream are the same after flushes, compactions and a restart, and none when it is dropped", async () => {
  const disk = new SimulatedDisk();
  let engine = await openSmallEngine(disk, filledOptions);
  const shards = [await makeShard(engine, "a"), await makeShard(engine, "b")];
  const bytesOf = async (streamId: string): Promise<number> => {
    const { space } = await engine.health();
    return space?.largestStreams.find((each) => each.streamId === streamId)?.bytes ?? 0;
  };
  for (let round = 0; round < 20; round++) for (const shard of shards) await store(engine, shard, "y".repeat(1_500));
  await engine.settled();
  const stored = await bytesOf("a");
  assert.ok(stored >= 20 * 1_500 && stored < 25 * 1_500, `${stored}`);
  assert.ok(Math.abs((await bytesOf("b")) - stored) <= 100);
  await engine.close();
  engine = await openSmallEngine(disk, filledOptions);
  await engine.settled();
  const reopened = await bytesOf("a");
  assert.ok(Math.abs(reopened - stored) <= 100, `${reopened} instead of ${stored}`);
  await engine.log.dropStream("a", shards.slice(0, 1));
  for (let round = 0; round < 40; round++)
    for (const shard of shards.slice(1)) await store(engine, shard, "z".repeat(1_500));
  await engine.settled();
  const left = await bytesOf("a");
  assert.ok(left < stored / 2, `${left}`);
  await engine.close();
});
