import assert from "node:assert/strict";
import type { EmbeddedEngine } from "../../src/engine/embedded/embedded-engine.ts";
import type { ShardRef } from "../../src/engine/shard-log.ts";
import { eagerCompaction, makeShard, openSmallEngine, readTexts, store } from "./embedded-engine.ts";
import type { SimulatedDisk } from "./simulated-disk.ts";

export const filledOptions = {
  walFileBytes: 20 * 1024,
  groupBytesMax: 8 * 1024,
  compaction: { ...eagerCompaction, ownSegmentBytes: 4_000 },
};

/** What is stored in it, in the only shard of stream "a". */
export const filledTexts = Array.from({ length: 9 }, (_, index) => `${index}`.repeat(1_500));

/** An open engine with segments, some of the log, and two snapshots; all that it stored is in `filledTexts`. */
export async function filled(
  disk: SimulatedDisk,
): Promise<{ readonly engine: EmbeddedEngine; readonly shard: ShardRef }> {
  const engine = await openSmallEngine(disk, filledOptions);
  const shard = await makeShard(engine, "a");
  for (const text of filledTexts) await store(engine, shard, text);
  await engine.documents.compareAndSwap("key", Buffer.from('{"a":1}'), 0n);
  await engine.settled();
  return { engine, shard };
}

export async function textsIn(disk: SimulatedDisk, directory: string): Promise<readonly string[]> {
  const engine = await openSmallEngine(disk, { ...filledOptions, directory });
  assert.deepEqual((await engine.health()).degraded, []);
  const found = await readTexts(engine, await makeShard(engine, "a"));
  await engine.close();
  return found;
}

/** For `disk.damage()`. */
export function flipAt(at: number): (bytes: Buffer) => Buffer {
  return (bytes) => {
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    return bytes;
  };
}
