// The lock of an open directory is taken away, as by the removal of its file, and a second server opens the directory: the
// first one acknowledges nothing more, and destroys nothing that the second one has written.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EmbeddedEngine } from "../../../src/engine/embedded/embedded-engine.ts";
import { verifyDirectory } from "../../../src/engine/embedded/offline/verify-directory.ts";
import type { ShardRef } from "../../../src/engine/shard-log.ts";
import { eagerCompaction, makeShard, openSmallEngine, readTexts, store } from "../../support/embedded-engine.ts";
import { SimulatedDisk } from "../../support/simulated-disk.ts";

const lost = /^The lock of the data directory \/data is lost: .* This server stores nothing any more/;

function append(engine: EmbeddedEngine, shard: ShardRef, text: string) {
  return engine.log.append([{ shard, entry: { count: 1, timeMs: 0, body: Buffer.from(text) } }]);
}

test("a server that has lost its lock acknowledges nothing, not even what is being written", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk);
  const shard = await makeShard(engine);
  await store(engine, shard, "acknowledged");
  const release = disk.holdWrites();
  const writing = disk.nextWrite();
  const inFlight = [append(engine, shard, "in flight"), append(engine, shard, "beside it")];
  await writing;
  disk.removeLock("/data").informHolder();
  release();
  for (const outcome of inFlight) await assert.rejects(outcome, { kind: "indeterminate", message: lost });
  await assert.rejects(append(engine, shard, "later"), { kind: "unavailable", message: lost });
  const { ready, degraded } = await engine.health();
  assert.equal(ready, false);
  assert.match(degraded.join(), lost);
  await engine.close();
});

test("a server that has lost its lock and does not know it begins no WAL file and writes no manifest", async () => {
  const disk = new SimulatedDisk();
  const options = { compaction: eagerCompaction };
  const first = await openSmallEngine(disk, options);
  const shard = await makeShard(first);
  await store(first, shard, "of the first");
  disk.removeLock("/data");
  const second = await openSmallEngine(disk, options);
  await store(second, await makeShard(second), "of the second");
  const large = "x".repeat(10_000);
  await assert.rejects(
    async () => {
      for (let index = 0; index < 10; index++) await append(first, shard, large);
    },
    { kind: "unavailable", message: lost },
  );
  await first.close();
  for (let index = 0; index < 12; index++) await store(second, await makeShard(second), `${index} ${large}`);
  await second.settled();
  await second.close();
  assert.deepEqual((await verifyDirectory(disk, "/data")).problems, []);
  const again = await openSmallEngine(disk, options);
  const texts = await readTexts(again, await makeShard(again));
  assert.deepEqual(texts.slice(0, 3), ["of the first", "of the second", `0 ${large}`]);
  assert.equal(texts.length, 14);
  await again.close();
});
