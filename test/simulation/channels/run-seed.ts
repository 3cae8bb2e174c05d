// One seed decides what is put, how the store fails and when the power goes; what must not be is an error with its seed.
import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { storeRecords } from "../../../src/shards/store-records.ts";
import { ChannelSession, type ChannelSettings, channelId } from "../../support/channel-session.ts";
import { seededEngine } from "../../support/embedded-engine.ts";
import { incomingRecords } from "../../support/incoming-records-of.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { SimulatedBucket } from "../../support/simulated-bucket.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { crashPolicyOf, SimulatedDisk } from "../../support/simulated-disk.ts";
import { SimulatedTable } from "../../support/simulated-table.ts";

const kibibyte = 1024;
const sessionsMax = 5;
const roundsMax = 25;
const drainRoundsMax = 400;

export type SeenCounts = Readonly<Record<string, number>>;

/** Channels into a bucket. Throws at the first seed that breaks a promise. Returns what was seen over all. */
export async function runSeeds(first: number, count: number): Promise<SeenCounts> {
  const runs = await runAll(first, count, "bucket");
  return { ...seenIn(runs), repeated: sumOf(runs, ({ store }) => store.repeatedCount) };
}

/** The same for channels into a table. */
export async function runTableSeeds(first: number, count: number): Promise<SeenCounts> {
  const runs = await runAll(first, count, "table");
  const snapshots = sumOf(runs, ({ table }) => table?.snapshotCount ?? 0);
  return { ...seenIn(runs), snapshots, conflicts: sumOf(runs, ({ table }) => table?.conflictCount ?? 0) };
}

async function runAll(first: number, count: number, kind: DestinationKind): Promise<readonly Run[]> {
  const runs: Run[] = [];
  for (let seed = first; seed < first + count; seed += 1) {
    const run = new Run(seed, kind);
    try {
      await run.run();
    } catch (error) {
      throw new Error(`Seed ${seed} broke a promise of channels into a ${kind}.`, { cause: error });
    }
    runs.push(run);
  }
  return runs;
}

function seenIn(runs: readonly Run[]): SeenCounts {
  return {
    records: sumOf(runs, ({ storedCount }) => storedCount),
    objects: sumOf(runs, ({ store }) => store.objects.size),
    crashes: sumOf(runs, ({ crashCount }) => crashCount),
    failures: sumOf(runs, ({ failureCount }) => failureCount),
    splits: sumOf(runs, ({ splitCount }) => splitCount),
    merges: sumOf(runs, ({ mergeCount }) => mergeCount),
  };
}

function sumOf(runs: readonly Run[], countOf: (run: Run) => number): number {
  return runs.reduce((sum, run) => sum + countOf(run), 0);
}

type DestinationKind = "bucket" | "table";

class Run {
  readonly store: SimulatedBucket;
  /** Present where the channel delivers into a table. */
  readonly table: SimulatedTable | undefined;
  crashCount = 0;
  failureCount = 0;
  splitCount = 0;
  mergeCount = 0;
  readonly #random: SeededRandom;
  readonly #names: SeededRandom;
  readonly #settings: ChannelSettings;
  /** Records that were put, and whether the put was acknowledged. */
  readonly #isStored = new Map<string, boolean>();
  #disk: SimulatedDisk;
  #clock = new SimulatedClock();
  #nextRecord = 0;
  /** What was begun: until it is finished, writers to the parents wait. */
  #resharding: "split" | "merge" | undefined;

  constructor(seed: number, kind: DestinationKind) {
    this.#random = new SeededRandom(seed);
    const random = this.#random;
    this.#names = random.fork();
    this.store = new SimulatedBucket(random.fork());
    this.table = kind === "table" ? new SimulatedTable(this.store, random.fork()) : undefined;
    this.#settings = {
      shardCount: random.integer(1, 4),
      freshnessSeconds: random.integer(1, 5),
      batchBytesMax: random.next() < 0.5 ? random.integer(20, 400) : 1024 * kibibyte,
    };
    const diskRandom = random.fork();
    this.#disk = new SimulatedDisk({ direct: random.next() < 0.5, random: () => diskRandom.next() });
  }

  get storedCount(): number {
    return [...this.#isStored.values()].filter(Boolean).length;
  }

  async run(): Promise<void> {
    const random = this.#random;
    for (let left = random.integer(2, sessionsMax); left > 0; left -= 1) {
      if (random.next() < 0.9) this.#disk.syncCountMax = random.integer(1, 150);
      const [fails, conflicts, loses] = [random.next() / 3, random.next() / 5, random.next() / 3];
      this.store.faults = { fails, conflicts, loses, isSlow: random.next() / 2 };
      if (this.table !== undefined) this.table.rivals = random.next() / 2;
      await this.#session((session) => this.#work(session));
      if (this.table !== undefined && random.next() < 0.3) this.table.expireSnapshots();
    }
    this.store.faults = { fails: 0, conflicts: 0, loses: 0, isSlow: 0 };
    this.store.isGone = false;
    this.#disk.syncCountMax = Number.POSITIVE_INFINITY;
    await this.#session((session) => this.#drain(session));
    this.#judge(await this.#delivered());
  }

  /** From an open to a close, or to the moment at which the power goes. */
  async #session(work: (session: ChannelSession) => Promise<void>): Promise<void> {
    const engine = seededEngine(this.#disk, this.#clock, this.#random);
    const random = this.#random;
    try {
      await engine.open();
      const newRandom = () =>
        this.#names
          .integer(0, 36 ** 6 - 1)
          .toString(36)
          .padStart(6, "0");
      const parts = { store: this.store, table: this.table, newRandom };
      const session = await ChannelSession.open(engine, this.#clock, this.#settings, parts);
      if (this.#resharding !== undefined) await this.#reshard(session, this.#resharding);
      await work(session);
      this.failureCount += session.channels.figures(channelId)?.failureCount ?? 0;
      const isClosed = !this.#disk.isOff && random.next() < 0.3;
      if (isClosed) await session.close();
      if (isClosed) await engine.close();
    } catch (error) {
      if (!this.#disk.isOff) throw error;
    }
    this.#crash();
  }

  #crash(): void {
    const before = this.#disk;
    this.#disk = before.crash(crashPolicyOf(this.#random.next()));
    before.isOff = true;
    this.crashCount += 1;
    this.#clock = new SimulatedClock(this.#clock.nowMs());
  }

  async #work(session: ChannelSession): Promise<void> {
    const random = this.#random;
    for (let left = random.integer(1, roundsMax); left > 0 && !this.#disk.isOff; left -= 1) {
      const dice = random.next();
      if (dice < 0.45) await this.#put(session);
      else if (dice < 0.82) await this.#clock.advance(random.integer(0, 6_000));
      else if (dice < 0.93) await this.#reshard(session, random.next() < 0.5 ? "split" : "merge");
      else this.store.isGone = random.next() < 0.5;
      for (let turns = random.integer(0, 12); turns > 0; turns -= 1) await nextTurn();
    }
  }

  async #put({ shards, revision }: ChannelSession): Promise<void> {
    const random = this.#random;
    const texts = Array.from({ length: random.integer(1, 12) }, () => {
      const number = this.#nextRecord++;
      return random.next() < 0.1 ? `broken ${number}` : this.#recordText(number, `key ${random.integer(0, 7)}`);
    });
    for (const text of texts) this.#isStored.set(text, false);
    const records = texts.map((data) => ({ data, key: /key \d/.exec(data)?.[0] ?? data }));
    const results = await storeRecords(shards, revision, incomingRecords(records));
    if (this.#disk.isOff) return;
    for (const [index, text] of texts.entries()) {
      if (results.failures?.get(index) === undefined) this.#isStored.set(text, true);
    }
  }

  /** Three hours partition a table. */
  #recordText(number: number, key: string): string {
    const at = `2026-11-30T0${number % 3}:00:00.000Z`;
    return JSON.stringify(this.table === undefined ? { number, key } : { number, key, at });
  }

  async #reshard(session: ChannelSession, kind: "split" | "merge"): Promise<void> {
    this.#resharding = kind;
    await session[kind](this.#clock.nowMs());
    this.#resharding = undefined;
    if (kind === "split") this.splitCount += 1;
    else this.mergeCount += 1;
  }

  /** Lets time pass until nothing waits any more. */
  async #drain(session: ChannelSession): Promise<void> {
    for (let round = 0; ; round += 1) {
      await this.#clock.advance(1_000);
      for (let turns = 30; turns > 0; turns -= 1) await nextTurn();
      const isPending = (session.channels.figures(channelId)?.freshnessSeconds ?? 1) > 0;
      if (!isPending && round > this.#settings.freshnessSeconds + 5) return;
      assert(round < drainRoundsMax, `records wait in vain: ${session.channels.failure(channelId)?.sentence}`);
    }
  }

  /** The records of each object, or of each data file of the table, by its name. */
  async #delivered(): Promise<ReadonlyMap<string, readonly string[]>> {
    if (this.table !== undefined) {
      const files = await this.table.files();
      return new Map(files.map(({ path, rows }) => [path, rows.map(textOfRow)]));
    }
    const objects = [...this.store.objects].filter(([key]) => !key.startsWith("kinesis-channel-errors/"));
    return new Map(objects.map(([key, body]) => [key, body.toString().split("\n").slice(0, -1)]));
  }

  /** Each record that was acknowledged is delivered once, every other one at most once; those with faults are dead letters. */
  #judge(delivered: ReadonlyMap<string, readonly string[]>): void {
    const counts = new Map<string, number>();
    for (const [key, texts] of delivered) {
      for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
      if (this.splitCount + this.mergeCount === 0) assertOrdered(key, texts);
    }
    for (const [text, isStored] of this.#isStored) {
      const count = counts.get(text) ?? 0;
      counts.delete(text);
      if (text.startsWith("broken")) assert.equal(count, 0, text);
      else if (isStored) assert.equal(count, 1, `${text} is delivered ${count} times`);
      else assert(count <= 1, `${text} is delivered ${count} times`);
    }
    assert.deepEqual([...counts.keys()], [], "nothing else is delivered");
    const broken = [...this.#isStored].filter(([text]) => text.startsWith("broken"));
    const letters = [...this.store.objects]
      .filter(([key]) => key.startsWith("kinesis-channel-errors/"))
      .flatMap(([, body]) => body.toString().split("\n").slice(0, -1));
    const numbers = letters.map((letter) => (JSON.parse(letter) as { readonly sequenceNumber: string }).sequenceNumber);
    assert.equal(new Set(numbers).size, numbers.length, "each dead letter is there once");
    assert(numbers.length >= broken.filter(([, isStored]) => isStored).length, "each faulty record is a dead letter");
    assert(numbers.length <= broken.length);
  }
}

function textOfRow({ number, key, at }: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ number: Number(number), key, at: (at as Date).toISOString() });
}

/** Records of one key are of one shard, so in the order in which they were put. */
function assertOrdered(objectKey: string, texts: readonly string[]): void {
  const last = new Map<string, number>();
  for (const text of texts) {
    const { number, key } = JSON.parse(text) as { readonly number: number; readonly key: string };
    assert(number > (last.get(key) ?? -1), `${objectKey}: ${text} is out of order`);
    last.set(key, number);
  }
}
