import type { EmbeddedEngine } from "../../src/engine/embedded/embedded-engine.ts";
import type { EmbeddedEngineOptions } from "../../src/engine/embedded/engine-options.ts";
import { dataDirectory, eagerCompaction, makeShard, openSmallEngine, store } from "./embedded-engine.ts";
import { SimulatedClock } from "./simulated-clock.ts";
import { SimulatedDisk } from "./simulated-disk.ts";

const blockBytes = 4096;
const secondMs = 1_000;

/** Options of the engines that open it. Without a tail window, everything is read from the disk. */
export const closedDirectoryOptions = {
  walFileBytes: 4 * blockBytes,
  groupBytesMax: 2 * blockBytes,
  tailWindowBytes: 0,
  snapshotAfterBytes: 1,
  compaction: { ...eagerCompaction, ownSegmentBytes: 1_000 },
};

/** For who leaves in the log what is there. */
export const withoutFlush = { ...closedDirectoryOptions.compaction, flushAfterBytes: Number.MAX_SAFE_INTEGER };

/**
 * Everything that a directory may hold, and little of it: a manifest with a start, a stream's own segment and a shared one,
 * two snapshots with a sealed log and a document, a file of the log that was used again, with groups of its former life behind
 * its end, and one with a hole there; in the log frames of every kind.
 */
export async function closedDirectory(
  engineOptions: Partial<EmbeddedEngineOptions> = closedDirectoryOptions,
): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const clock = new SimulatedClock();
  const options = { ...engineOptions, clock };
  await fillAndDie(await openSmallEngine(disk, options), clock);
  const after = disk.crash("lose");
  // Another session, another file: none before it is full.
  const longer = {
    ...options,
    walFileBytes: closedDirectoryOptions.walFileBytes + blockBytes,
    compaction: withoutFlush,
  };
  const engine = await openSmallEngine(after, longer);
  await store(engine, await makeShard(engine, "a"), "four");
  await engine.close();
  // A power cut could bring the oldest snapshot back.
  await after.syncDirectory(`${dataDirectory}/catalog`);
  return after.crash("lose");
}

async function fillAndDie(engine: EmbeddedEngine, clock: SimulatedClock): Promise<void> {
  const { log, documents } = engine;
  // The first file, which is sealed and used again.
  const [a, b, c, d] = await Promise.all([
    makeShard(engine, "a"),
    makeShard(engine, "b"),
    makeShard(engine, "c"),
    makeShard(engine, "d"),
  ]);
  await Promise.all([log.setRetention("b", [b], secondMs), store(engine, b, "gone before it is sealed")]);
  await clock.advance(2 * secondMs);
  // The second one.
  await Promise.all([
    store(engine, a, ...["0", "1", "2"].map((digit) => digit.repeat(300))),
    store(engine, b, "one", "two"),
  ]);
  await store(engine, c, "in a shared segment");
  await engine.settled();
  // The third one ends with the first group of the fourth.
  const revision = await documents.compareAndSwap("key", Buffer.from("{}"), 0n);
  await documents.compareAndSwap("gone", Buffer.from("{}"), 0n);
  await engine.settled();
  await Promise.all([
    store(engine, a, "three"),
    makeShard(engine, "e"),
    log.seal(c, "sealed by this"),
    log.setRetention("b", [b], 2 * secondMs),
    documents.compareAndSwap("key", Buffer.from('{"a":1}'), revision),
    documents.compareAndSwap("gone", null, revision + 1n),
    log.dropShard(d),
  ]);
  await engine.settled();
}
