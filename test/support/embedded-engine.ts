import assert from "node:assert/strict";
import { EmbeddedEngine } from "../../src/engine/embedded/embedded-engine.ts";
import type { EmbeddedEngineOptions } from "../../src/engine/embedded/engine-options.ts";
import type { ShardRef, StoredEntry } from "../../src/engine/shard-log.ts";
import type { SeededRandom } from "./seeded-random.ts";
import { SimulatedClock } from "./simulated-clock.ts";
import type { SimulatedDisk } from "./simulated-disk.ts";

export const dataDirectory = "/data";

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/** Every closed file of a small log is sealed at once; four entries of 5,000 bytes give a stream a segment of its own. */
export const eagerCompaction = {
  flushAfterBytes: 0,
  ownSegmentBytes: 20_000,
  smallSegmentBytesMax: 64 * 1024,
  mergedSegmentBytesMax: 256 * 1024,
} as const;

/** An embedded engine, small enough that files, buffers and windows fill up quickly. */
export function smallEngine(disk: SimulatedDisk, options: Partial<EmbeddedEngineOptions> = {}): EmbeddedEngine {
  return new EmbeddedEngine({
    directory: dataDirectory,
    disk,
    clock: new SimulatedClock(),
    diskBudgetBytes: 64 * mebibyte,
    walFileBytes: 48 * 1024,
    groupBytesMax: 16 * 1024,
    queueBytesMax: mebibyte,
    tailWindowBytes: 32 * 1024,
    snapshotAfterBytes: 64 * 1024,
    randomBytes: (byteCount) => Buffer.alloc(byteCount, "salt and id"),
    ...options,
  });
}

/** A small embedded engine of sizes that a seed decides. */
export function seededEngine(disk: SimulatedDisk, clock: SimulatedClock, random: SeededRandom): EmbeddedEngine {
  return smallEngine(disk, {
    clock,
    walFileBytes: 4 * kibibyte * random.integer(5, 12),
    groupBytesMax: 4 * kibibyte * random.integer(2, 4),
    queueBytesMax: 64 * kibibyte,
    tailWindowBytes: random.next() < 0.5 ? 0 : 16 * kibibyte,
    snapshotAfterBytes: random.integer(2_000, 20_000),
    walBytesMax: mebibyte,
    compaction: {
      flushAfterBytes: random.next() < 0.7 ? 0 : 64 * kibibyte,
      ownSegmentBytes: random.integer(1, 8) * kibibyte,
      smallSegmentBytesMax: random.integer(8, 40) * kibibyte,
      mergedSegmentBytesMax: random.integer(40, 200) * kibibyte,
    },
  });
}

export async function openSmallEngine(
  disk: SimulatedDisk,
  options: Partial<EmbeddedEngineOptions> = {},
): Promise<EmbeddedEngine> {
  const engine = smallEngine(disk, options);
  await engine.open();
  return engine;
}

export function makeShard(engine: EmbeddedEngine, streamId = "s", shardIndex = 0): Promise<ShardRef> {
  return engine.log.createShard(streamId, shardIndex, { openShardCount: 1 });
}

/** Appends one entry per text and insists that all are stored. One call, so one group unless it is full. */
export async function store(engine: EmbeddedEngine, shard: ShardRef, ...texts: readonly string[]): Promise<void> {
  const entries = texts.map((text) => ({ shard, entry: { count: 1, timeMs: 0, body: Buffer.from(text) } }));
  const outcomes = await engine.log.append(entries);
  assert(outcomes.every(({ kind }) => kind === "stored"));
}

export async function readTexts(engine: EmbeddedEngine, shard: ShardRef, from = 1n): Promise<readonly string[]> {
  const entries: StoredEntry[] = [];
  for (let next = from; ; ) {
    const page = await engine.log.read(shard, next, { entriesMax: 10, bytesMax: mebibyte });
    if (page.entries.length === 0) return entries.map(({ body }) => Buffer.from(body).toString());
    entries.push(...page.entries);
    next = page.next;
  }
}
