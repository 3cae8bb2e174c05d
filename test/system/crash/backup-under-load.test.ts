// Backups of an engine that is written to, compacted, trimmed, dropped from and restarted meanwhile, on a disk that is slow
// for the copy. Each is moved to a disk after a power cut, restored there, and must hold what was acknowledged before it
// began.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { EmbeddedEngine } from "../../../src/engine/embedded/embedded-engine.ts";
import type { Disk, DiskFile } from "../../../src/engine/embedded/io/disk.ts";
import { backUpLiveDirectory } from "../../../src/engine/embedded/offline/backup-live-directory.ts";
import { inspectDirectory } from "../../../src/engine/embedded/offline/inspect-directory.ts";
import { restoreDirectory } from "../../../src/engine/embedded/offline/restore-directory.ts";
import { verifyDirectory } from "../../../src/engine/embedded/offline/verify-directory.ts";
import { masterKey } from "../../support/directory-keys.ts";
import { eagerCompaction } from "../../support/embedded-engine.ts";
import { LogHistory } from "../../support/log-history.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { SimulatedDisk } from "../../support/simulated-disk.ts";

const hourMs = 3_600_000;
const seedCount = Number(process.env["MILLRACE_BACKUP_SEEDS"] ?? 4);
const stepCount = 80;

const keys = masterKey("of the machine");

interface World {
  readonly clock: SimulatedClock;
  readonly random: SeededRandom;
  /** Whether its directories are encrypted; the copy has no key. */
  readonly isEncrypted: boolean;
}

function engineOn(disk: SimulatedDisk, directory: string, { clock, random, isEncrypted }: World): EmbeddedEngine {
  return new EmbeddedEngine({
    ...(isEncrypted ? { keys } : {}),
    directory,
    disk,
    clock,
    diskBudgetBytes: 64 * 1024 * 1024,
    walFileBytes: 24 * 1024,
    groupBytesMax: 12 * 1024,
    queueBytesMax: 1024 * 1024,
    tailWindowBytes: 16 * 1024,
    snapshotAfterBytes: 400,
    compaction: { ...eagerCompaction, flushAfterBytes: random.integer(0, 2) * 24 * 1024, ownSegmentBytes: 4_000 },
  });
}

/** The same disk, with random waits. */
function slowDisk(disk: Disk, random: SeededRandom): Disk {
  const pause = async (): Promise<void> => {
    for (let turns = random.next() < 0.2 ? random.integer(0, 12) : 0; turns > 0; turns--) await nextTurn();
  };
  const slow = (file: DiskFile): DiskFile => ({
    read: (into, at) => pause().then(() => file.read(into, at)),
    write: (bytes, at) => pause().then(() => file.write(bytes, at)),
    sync: () => file.sync(),
    length: () => file.length(),
    setLength: (byteCount) => file.setLength(byteCount),
    close: () => file.close(),
  });
  return {
    probe: (directory) => disk.probe(directory),
    allocate: (byteCount) => disk.allocate(byteCount),
    open: (path, mode) => pause().then(async () => slow(await disk.open(path, mode))),
    list: (directory) => pause().then(() => disk.list(directory)),
    makeDirectory: (directory) => disk.makeDirectory(directory),
    rename: (from, to) => disk.rename(from, to),
    link: (from, to) => pause().then(() => disk.link(from, to)),
    remove: (path) => disk.remove(path),
    removeDirectory: (directory) => disk.removeDirectory(directory),
    syncDirectory: (directory) => disk.syncDirectory(directory),
    freeBytes: (directory) => disk.freeBytes(directory),
    lock: (directory) => disk.lock(directory),
    lockForReading: (directory) => disk.lockForReading(directory),
  };
}

class Load {
  readonly #random: SeededRandom;
  readonly #history: LogHistory;
  readonly #clock: SimulatedClock;
  readonly #open: string[] = ["a", "b", "expiring"];
  #made = 0;

  constructor(random: SeededRandom, history: LogHistory, clock: SimulatedClock) {
    this.#random = random;
    this.#history = history;
    this.#clock = clock;
  }

  async begin(engine: EmbeddedEngine): Promise<void> {
    for (const name of this.#open) await this.#history.create(engine, name);
    await this.#history.retain(engine, "expiring", hourMs);
  }

  async step(engine: EmbeddedEngine, index: number): Promise<void> {
    const dice = this.#random.next();
    if (dice < 0.7) await this.#append(engine, index);
    else if (dice < 0.85) await this.#history.put(engine, `streams/${index % 3}`, `at ${index}`);
    else if (dice < 0.92) await this.#create(engine);
    else if (dice < 0.96) await this.#end(engine);
    else this.#clock.set(this.#clock.nowMs() + hourMs / 3);
  }

  /** Some calls at once, without waiting in between. */
  async #append(engine: EmbeddedEngine, index: number): Promise<void> {
    const calls = Array.from({ length: this.#random.integer(1, 4) }, (_, call) => {
      const parts = this.#open
        .filter(() => this.#random.next() < 0.6)
        .map((shard) => {
          const padding = "x".repeat(this.#random.next() < 0.3 ? 4_200 : this.#random.integer(0, 700));
          return { shard, text: `${index}.${call} ${shard} ${padding}`, count: this.#random.integer(1, 500) };
        });
      return this.#history.append(engine, parts);
    });
    await Promise.all(calls);
  }

  async #create(engine: EmbeddedEngine): Promise<void> {
    if (this.#open.length > 6) return;
    const name = `made ${this.#made++}`;
    await this.#history.create(engine, name);
    this.#open.push(name);
  }

  async #end(engine: EmbeddedEngine): Promise<void> {
    const name = this.#open.length > 3 ? this.#open.pop() : undefined;
    if (name === undefined) return;
    if (this.#random.next() < 0.4) await this.#history.seal(engine, name);
    else await this.#history.drop(engine, name);
  }
}

interface Backup {
  readonly path: string;
  readonly history: LogHistory;
  /** The disk after the power went, right after the backup was done. */
  readonly disk: SimulatedDisk;
}

async function backUp(disk: SimulatedDisk, path: string, history: LogHistory, random: SeededRandom): Promise<Backup> {
  const { problems } = await backUpLiveDirectory(slowDisk(disk, random), "/data", path);
  assert.deepEqual(problems, []);
  return { path, history, disk: disk.crash("lose") };
}

/** Restores it, and goes on with it. */
async function hold({ path, history, disk }: Backup, world: World): Promise<number> {
  const usedKeys = world.isEncrypted ? keys : undefined;
  const before = disk.paths().filter((name) => name.startsWith(path));
  assert.deepEqual((await verifyDirectory(disk, path, usedKeys)).problems, []);
  const { problems } = await restoreDirectory(disk, path, "/restored");
  assert.deepEqual(problems, []);
  assert.deepEqual(
    disk.paths().filter((name) => name.startsWith(path)),
    before,
  );
  const restored = disk.crash("lose");
  const engine = engineOn(restored, "/restored", world);
  await engine.open();
  assert.deepEqual((await engine.health()).degraded, []);
  await history.verify(engine);
  await history.writeAgain(engine, "restored");
  await engine.settled();
  await history.verify(engine);
  await engine.close();
  assert.deepEqual((await verifyDirectory(restored, "/restored", usedKeys)).problems, []);
  const found = JSON.parse(JSON.stringify(await inspectDirectory(restored, path)));
  return found.manifest.number;
}

async function runSeed(seed: number): Promise<{ readonly manifests: readonly number[] }> {
  const random = new SeededRandom(seed);
  const clock = new SimulatedClock();
  const world = { clock, random, isEncrypted: seed % 4 === 3 };
  const disk = new SimulatedDisk({
    seed,
    direct: seed % 3 !== 0,
    nameOrder: seed % 2 === 0 ? "journal" : "independent",
  });
  const history = new LogHistory(() => clock.nowMs());
  const load = new Load(random.fork(), history, clock);
  let engine = engineOn(disk, "/data", world);
  await engine.open();
  await load.begin(engine);
  const backups: Promise<Backup>[] = [];
  for (let index = 0; index < stepCount; index++) {
    if (random.next() < 0.03) backups.push(backUp(disk, `/backup ${index}`, history.fork(), random.fork()));
    if (random.next() < 0.02) {
      await engine.close();
      engine = engineOn(disk, "/data", world);
      await engine.open();
    }
    await load.step(engine, index);
  }
  backups.push(backUp(disk, "/backup at rest", history.fork(), random.fork()));
  const taken = await Promise.all(backups);
  await history.verify(engine);
  await engine.close();
  assert.deepEqual((await verifyDirectory(disk, "/data")).problems, []);
  const manifests: number[] = [];
  for (const backup of taken) manifests.push(await hold(backup, world));
  return { manifests };
}

test("a backup under load restores to all that was acknowledged before it began, whatever is moved meanwhile", async (t) => {
  const base = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 2 ** 31);
  t.diagnostic(`seeds from ${base}`);
  let backups = 0;
  let sealed = 0;
  for (let seed = base; seed < base + seedCount; seed++) {
    try {
      const { manifests } = await runSeed(seed);
      backups += manifests.length;
      sealed += manifests.filter((number) => number > 5).length;
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
  t.diagnostic(`${backups} backups, ${sealed} of them with segments`);
  assert(backups >= seedCount && sealed > 0, `${backups} backups, ${sealed} of them with segments`);
});
