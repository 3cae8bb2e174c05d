// The power goes in the middle of the sync after the Nth, for many an N of a workload that touches everything the log does:
// appends to several shards, catalog changes, a seal, a drop, snapshots, new files, a clean close. What had not been
// synced is lost, kept, or torn. Then: reopen, compare, cut the power again, reopen, compare, write, reopen, compare.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EmbeddedEngine } from "../../../src/engine/embedded/embedded-engine.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { countedBytes, masterKey } from "../../support/directory-keys.ts";
import { LogHistory } from "../../support/log-history.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { type CrashPolicy, SimulatedDisk } from "../../support/simulated-disk.ts";

const directory = "/data";

const keys = masterKey("of the crashing machine", countedBytes());
const random = countedBytes();

/** How the disk behaves, what a crash does to it, and whether the directory is encrypted. */
interface Way {
  readonly direct: boolean;
  readonly policy: CrashPolicy;
  readonly encrypted: boolean;
}

function engineOn(disk: SimulatedDisk, clock: SimulatedClock, encrypted: boolean): EmbeddedEngine {
  return new EmbeddedEngine({
    directory,
    disk,
    clock,
    diskBudgetBytes: 64 * 1024 * 1024,
    walFileBytes: 48 * 1024,
    groupBytesMax: 16 * 1024,
    queueBytesMax: 256 * 1024,
    tailWindowBytes: 32 * 1024,
    snapshotAfterBytes: 400,
    ...(encrypted ? { keys, randomBytes: random } : { randomBytes: (count) => Buffer.alloc(count, "salt and id") }),
  });
}

async function workload(engine: EmbeddedEngine, history: LogHistory): Promise<void> {
  await engine.open();
  await Promise.all([history.create(engine, "a"), history.create(engine, "b"), history.create(engine, "c")]);
  await history.put(engine, "streams/a", "made");
  for (let round = 0; round < 6; round++) await writers(engine, history, round);
  await Promise.all([
    history.seal(engine, "a"),
    history.put(engine, "streams/a", "sealed"),
    writers(engine, history, 6),
  ]);
  await Promise.all([history.put(engine, "streams/b", "made"), history.create(engine, "d")]);
  await history.put(engine, "streams/b", undefined);
  for (let round = 7; round < 10; round++) await writers(engine, history, round);
  await Promise.all([history.drop(engine, "c"), history.put(engine, "streams/a", "dropped")]);
  await history.append(engine, [{ shard: "d", text: "last ".repeat(50), count: 4 }]);
  await engine.close();
}

/** Calls of several entries at once; those of one round may share a group or not. */
async function writers(engine: Engine, history: LogHistory, round: number): Promise<void> {
  const large = "x".repeat(9_000);
  await Promise.all([
    history.append(engine, [
      { shard: "a", text: `${round} a`, count: 2 },
      { shard: "b", text: `${round} b ${large}`, count: 500 },
    ]),
    history.append(engine, [{ shard: "b", text: `${round} b again ${large}`, count: 1 }]),
    history.append(engine, [
      { shard: "c", text: `${round} c`, count: 3 },
      { shard: "b", text: `${round} b at last`, count: 1 },
    ]),
  ]);
}

/** Runs the workload until it is done or the power goes. */
async function run(disk: SimulatedDisk, clock: SimulatedClock, encrypted: boolean): Promise<LogHistory> {
  const history = new LogHistory(() => clock.nowMs());
  try {
    await workload(engineOn(disk, clock, encrypted), history);
  } catch (error) {
    if (!disk.isOff) throw error;
  }
  return history;
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

async function crashOnce(syncCountMax: number, { direct, policy, encrypted }: Way): Promise<void> {
  const clock = new SimulatedClock();
  const disk = new SimulatedDisk({ direct, seed: syncCountMax + 1 });
  disk.syncCountMax = syncCountMax;
  const history = await run(disk, clock, encrypted);
  const past = { history, encrypted };
  // The machine comes up again, serves what it finds, and loses its power at once.
  const second = disk.crash(policy);
  await reopen(second, clock, past);
  const third = second.crash("lose");
  const engine = await reopen(third, clock, past);
  await history.writeAgain(engine, "third");
  // This time only the process dies.
  const fourth = third.crash("lose");
  const last = await reopen(fourth, clock, past);
  await history.writeAgain(last, "fourth");
  await last.close();
  const closed = await reopen(fourth.crash("lose"), clock, past);
  assert.deepEqual((await closed.health()).degraded, []);
  await closed.close();
}

const ways: readonly Way[] = [
  ...[true, false].flatMap((direct) =>
    (["lose", "keep", "tear"] as const).map((policy) => ({ direct, policy, encrypted: false })),
  ),
  // The same steps in the same order: what differs is the key's file, and that what comes back must open.
  { direct: true, policy: "lose", encrypted: true },
  { direct: false, policy: "tear", encrypted: true },
];

/** Each way takes one of so many syncs, in turns; with MILLRACE_EVERY_CRASH=1 it takes all. */
const every = process.env["MILLRACE_EVERY_CRASH"] === undefined ? 3 : 1;

for (const [index, way] of ways.entries()) {
  const { direct, policy, encrypted } = way;
  const how = `${direct ? "direct" : "buffered"} writes, unsynced bytes ${policy}${encrypted ? ", encrypted" : ""}`;
  test(`a crash at any sync loses nothing acknowledged (${how})`, async () => {
    const disk = new SimulatedDisk({ direct });
    await run(disk, new SimulatedClock(), encrypted);
    assert(disk.syncCount > 30, `the workload syncs often (${disk.syncCount})`);
    for (let syncs = index % every; syncs <= disk.syncCount; syncs += every) {
      try {
        await crashOnce(syncs, way);
      } catch (error) {
        throw new Error(`after sync ${syncs} of ${disk.syncCount}`, { cause: error });
      }
    }
  });
}
