import assert from "node:assert/strict";
import { test } from "node:test";
import type { EmbeddedEngine } from "../../../../src/engine/embedded/embedded-engine.ts";
import type { ShardRef } from "../../../../src/engine/shard-log.ts";
import { eagerSealing, makeShard, openSmallEngine, readTexts, store } from "../../../support/embedded-engine.ts";
import { SimulatedClock } from "../../../support/simulated-clock.ts";
import { SimulatedDisk } from "../../../support/simulated-disk.ts";

const hourMs = 3_600_000;
const sealing = eagerSealing;

function filesIn(disk: SimulatedDisk, room: string): readonly string[] {
  return disk.paths().filter((path) => path.startsWith(`/data/${room}/`) && /\.(wal|segment)$/.test(path));
}

function text(index: number, bytes = 5_000): string {
  return `${index} `.padEnd(bytes, "x");
}

/** Several files of the log's worth, and a catalog change now and then, so that snapshots have news. */
async function fill(engine: EmbeddedEngine, shards: readonly ShardRef[], from: number, to: number): Promise<void> {
  for (let index = from; index < to; index++) {
    await Promise.all(shards.map((shard) => store(engine, shard, text(index))));
  }
}

function texts(from: number, to: number): readonly string[] {
  return Array.from({ length: to - from }, (_, index) => text(from + index));
}

test("closed files of the log become segments and are removed; every entry stays where readers find it", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, { sealing });
  const [a, b] = [await makeShard(engine, "a"), await makeShard(engine, "b")];
  await fill(engine, [a, b], 0, 40);
  await engine.settled();
  assert(filesIn(disk, "wal").length <= 3, filesIn(disk, "wal").join());
  assert(filesIn(disk, "segments").length > 0);
  assert.deepEqual(await readTexts(engine, a), texts(0, 40));
  assert.deepEqual(await readTexts(engine, b, 17n), texts(16, 40));
  const { figures, degraded } = await engine.health();
  assert.deepEqual(degraded, []);
  assert((figures["segment_bytes"] ?? 0) > 300_000);
  await engine.close();

  const again = await openSmallEngine(disk, { sealing });
  assert.deepEqual(await readTexts(again, await makeShard(again, "a")), texts(0, 40));
  await fill(again, [await makeShard(again, "a")], 40, 60);
  await again.settled();
  assert.deepEqual(await readTexts(again, await makeShard(again, "a")), texts(0, 60));
  const crashed = await openSmallEngine(disk.crash("lose"), { sealing });
  assert.deepEqual(await readTexts(crashed, await makeShard(crashed, "a")), texts(0, 60));
  assert.deepEqual(await readTexts(crashed, await makeShard(crashed, "b")), texts(0, 40));
  await crashed.close();
});
