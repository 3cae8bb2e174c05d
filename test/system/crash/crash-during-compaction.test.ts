// A power cut at any change of the disk, for a workload in which WAL files are flushed, small segments merged, shared ones
// compacted, expired and dropped entries freed, and snapshots written. Changes are syncs (as in the sibling test) and every
// rename, removal and change of length. Then: reopen, compare, cut the power again, reopen, compare, write on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EmbeddedEngine } from "../../../src/engine/embedded/embedded-engine.ts";
import { countedBytes, masterKey } from "../../support/directory-keys.ts";
import { eagerCompaction } from "../../support/embedded-engine.ts";
import { LogHistory } from "../../support/log-history.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { type CrashPolicy, type DiskOperation, SimulatedDisk } from "../../support/simulated-disk.ts";

const directory = "/data";
const hourMs = 3_600_000;

const keys = masterKey("of the crashing machine", countedBytes());
const random = countedBytes();

function engineOn(disk: SimulatedDisk, clock: SimulatedClock, encrypted: boolean): EmbeddedEngine {
  return new EmbeddedEngine({
    directory,
    disk,
    clock,
    diskBudgetBytes: 64 * 1024 * 1024,
    walFileBytes: 24 * 1024,
    groupBytesMax: 12 * 1024,
    queueBytesMax: 256 * 1024,
    tailWindowBytes: 16 * 1024,
    snapshotAfterBytes: 400,
    compaction: { ...eagerCompaction, ownSegmentBytes: 4_000, smallSegmentBytesMax: 20_000 },
    ...(encrypted ? { keys, randomBytes: random } : { randomBytes: (count) => Buffer.alloc(count, "salt and id") }),
  });
}

/** `a` and `dropped` fill segments of their own, `b` and `late` share; `expiring` outlives its retention. */
async function workload(engine: EmbeddedEngine, history: LogHistory, clock: SimulatedClock): Promise<void> {
  await engine.open();
  for (const name of ["a", "b", "expiring", "dropped", "late"]) await history.create(engine, name);
  await history.retain(engine, "expiring", hourMs);
  for (let round = 0; round < 8; round++) {
    await writers(engine, history, round);
    if (round === 5) await history.drop(engine, "dropped");
    if (round === 6) clock.set(clock.nowMs() + 2 * hourMs);
    if (round === 7) await history.retain(engine, "expiring", 48 * hourMs);
    await history.put(engine, "streams/a", `round ${round}`);
  }
  await engine.settled();
  await history.dropStream(engine, "late");
  await history.seal(engine, "b");
  await engine.settled();
  await history.append(engine, [{ shard: "a", text: "last", count: 4 }]);
  await engine.close();
}

async function writers(engine: EmbeddedEngine, history: LogHistory, round: number): Promise<void> {
  const large = "x".repeat(4_200);
  await history.append(engine, [
    { shard: "a", text: `${round} a ${large}`, count: 2 },
    { shard: "b", text: `${round} b`, count: 500 },
    { shard: "late", text: `${round} late ${large.slice(3_000)}`, count: 1 },
  ]);
  await history.append(engine, [
    { shard: round < 3 ? "dropped" : "a", text: `${round} again ${large}`, count: 7 },
    { shard: "expiring", text: `${round} expiring`, count: 3 },
    ...(round < 3 ? [{ shard: "dropped", text: `${round} dropped ${large}`, count: 1 }] : []),
  ]);
}

/** Every way in which the engine changes names and lengths while it runs. */
const expectedChanges = [
  "length /data/wal/N.wal",
  "rename /data/format.tmp",
  "rename /data/catalog/N.snapshot.tmp",
  "remove /data/catalog/N.snapshot",
  "rename /data/segments/manifest.tmp",
  "remove /data/segments/N.segment",
  "rename /data/wal/N.wal",
  "rename /data/wal/spare.tmp",
  "remove /data/wal/N.wal",
];

const isChange = ({ kind }: DiskOperation): boolean => kind === "rename" || kind === "remove" || kind === "length";

interface Run {
  readonly changeCountMax: number;
  readonly encrypted: boolean;
}

/** Runs the workload until it is done or the power goes, at a sync or at another change. */
async function run(disk: SimulatedDisk, clock: SimulatedClock, { changeCountMax, encrypted }: Run) {
  const history = new LogHistory(() => clock.nowMs());
  let changeCount = 0;
  const changes = new Set<string>();
  disk.fault = (operation) => {
    if (!isChange(operation)) return undefined;
    changes.add(`${operation.kind} ${operation.path.replace(/\d{4,}/, "N")}`);
    changeCount += 1;
    if (changeCount <= changeCountMax) return undefined;
    disk.isOff = true;
    return "EIO";
  };
  try {
    await workload(engineOn(disk, clock, encrypted), history, clock);
  } catch (error) {
    if (!disk.isOff) throw error;
  }
  return { history, changeCount, changes };
}

async function reopen(
  disk: SimulatedDisk,
  clock: SimulatedClock,
  { history, encrypted }: { readonly history: LogHistory; readonly encrypted: boolean },
): Promise<EmbeddedEngine> {
  const engine = engineOn(disk, clock, encrypted);
  await engine.open();
  await history.verify(engine);
  return engine;
}

async function crashOnce(
  limits: { readonly syncs: number; readonly changes: number },
  { direct, policy, encrypted }: Way,
): Promise<void> {
  const clock = new SimulatedClock();
  const disk = new SimulatedDisk({ direct, seed: 1 + Math.min(limits.syncs, limits.changes) });
  disk.syncCountMax = limits.syncs;
  const { history } = await run(disk, clock, { changeCountMax: limits.changes, encrypted });
  const second = disk.crash(policy);
  const engine = await reopen(second, clock, { history, encrypted });
  await history.writeAgain(engine, "second");
  await engine.settled();
  await history.verify(engine);
  const third = await reopen(second.crash("lose"), clock, { history, encrypted });
  assert.deepEqual((await third.health()).degraded, []);
  await third.close();
}

interface Way {
  readonly direct: boolean;
  readonly policy: CrashPolicy;
  readonly encrypted: boolean;
}

const ways: readonly Way[] = [
  { direct: true, policy: "lose", encrypted: false },
  { direct: true, policy: "tear", encrypted: false },
  { direct: false, policy: "tear", encrypted: false },
  { direct: false, policy: "keep", encrypted: false },
  { direct: true, policy: "tear", encrypted: true },
  { direct: false, policy: "tear", encrypted: true },
];
/** Each way takes one of so many places, and another one than the other ways; with MILLRACE_EVERY_CRASH=1 it takes all. */
const every = process.env["MILLRACE_EVERY_CRASH"] === undefined ? 2 * ways.length : 1;

for (const [index, way] of ways.entries()) {
  // Even and odd ones in turns.
  const first = (2 * index + (index % 2)) % every;
  const { direct, policy, encrypted } = way;
  const how = `${direct ? "direct" : "buffered"} writes, unsynced bytes ${policy}${encrypted ? ", encrypted" : ""}`;
  test(`a crash at any change of the disk, during compaction, loses and revives nothing (${how})`, async () => {
    const none = Number.POSITIVE_INFINITY;
    const disk = new SimulatedDisk({ direct });
    const { changeCount, changes } = await run(disk, new SimulatedClock(), { changeCountMax: none, encrypted });
    for (const change of expectedChanges)
      assert(changes.has(change), `${change} is not among ${[...changes].join(", ")}`);
    assert(disk.syncCount > 100 && changeCount > 50, `${disk.syncCount} syncs, ${changeCount} other changes`);
    const places = [
      ...Array.from({ length: disk.syncCount + 1 }, (_, syncs) => ({ syncs, changes: none })),
      ...Array.from({ length: changeCount + 1 }, (_, changes) => ({ syncs: none, changes })),
    ];
    for (const place of places.filter((_, at) => at % every === first)) {
      try {
        await crashOnce(place, way);
      } catch (error) {
        throw new Error(`after ${place.syncs} syncs, ${place.changes} other changes`, { cause: error });
      }
    }
  });
}
