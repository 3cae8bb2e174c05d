// One seed: a disk, a workload, and all that may befall the two; the same seed is the same history, operation by operation.
import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { EmbeddedEngine } from "../../src/engine/embedded/embedded-engine.ts";
import type { EmbeddedEngineOptions } from "../../src/engine/embedded/engine-options.ts";
import { verifyDirectory } from "../../src/engine/embedded/offline/verify-directory.ts";
import { EngineError } from "../../src/engine/engine-error.ts";
import { dataDirectory } from "../support/embedded-engine.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { SimulatedClock } from "../support/simulated-clock.ts";
import { type CrashPolicy, SimulatedDisk } from "../support/simulated-disk.ts";
import { act } from "./act.ts";
import { FaultProfile, noFaults } from "./fault-profile.ts";
import { probeFlips } from "./flips/flip-probe.ts";
import { type Session, World } from "./world.ts";

const kibibyte = 1024;
const sessionsMax = 5;
const roundsMax = 40;
const callsMax = 6;
/** Of the history, in an error. */
const linesTold = 60;

/** What recovery may say although nothing that was acknowledged is lost. */
const harmless = /is incomplete and was left out|One of the two headers|the system clock was/;

export interface SeedResult {
  /** Of every operation of the disk and every call. */
  readonly historyCheck: number;
  readonly lineCount: number;
}

/** Throws at the first broken promise, with the seed and the end of its history. */
export async function runSeed(seed: number, trace?: (line: string) => void): Promise<SeedResult> {
  let historyCheck = 0;
  let lineCount = 0;
  const lines: string[] = [];
  const note = (line: string): void => {
    historyCheck = crc32(line, historyCheck);
    lineCount += 1;
    lines[lineCount % linesTold] = line;
    trace?.(line);
  };
  try {
    await new Life(seed, note).run();
    return { historyCheck, lineCount };
  } catch (error) {
    const told = Array.from({ length: linesTold }, (_, index) => lines[(lineCount + 1 + index) % linesTold] ?? "");
    const how = `npm run test:disk -- --seed ${seed} runs it alone, and --trace shows all of it`;
    throw new Error(`Seed ${seed} broke a promise. ${how}; it ended with:\n${told.join("\n")}`, { cause: error });
  }
}

/** Seeds 1 to `count`; returns the lines of all their histories. */
export async function runSeeds(count: number): Promise<number> {
  let lineCount = 0;
  for (let seed = 1; seed <= count; seed++) lineCount += (await runSeed(seed)).lineCount;
  return lineCount;
}

class Life {
  readonly #random: SeededRandom;
  readonly #world: World;
  readonly #note: (line: string) => void;
  readonly #isDirect: boolean;
  readonly #groupBytesMax: number;
  #disk: SimulatedDisk;
  #nowMs = new SimulatedClock().nowMs();

  constructor(seed: number, note: (line: string) => void) {
    this.#random = new SeededRandom(seed);
    this.#note = note;
    this.#world = new World(this.#random.fork(), note);
    this.#isDirect = this.#random.next() < 0.5;
    this.#groupBytesMax = 4 * kibibyte * this.#random.integer(2, 4);
    const diskRandom = this.#random.fork();
    this.#disk = new SimulatedDisk({
      direct: this.#isDirect,
      random: () => diskRandom.next(),
      nameOrder: this.#random.next() < 0.5 ? "journal" : "independent",
    });
  }

  async run(): Promise<void> {
    for (let left = this.#random.integer(2, sessionsMax); left > 0; left--) {
      const session = await this.#open(new FaultProfile(this.#random.fork()));
      if (session === undefined) continue;
      await this.#use(session);
      await this.#probe();
    }
    await this.#epilogue();
  }

  /** Whatever was, a disk without faults serves all of it, takes more, and is found whole. */
  async #epilogue(): Promise<void> {
    for (const isLast of [false, true]) {
      const session = await this.#openCalmly();
      for (let left = 5; left > 0; left--) await act(this.#world, session);
      await session.engine.settled();
      await this.#world.checkAll(session, true);
      session.isClosing = true;
      await session.engine.close();
      this.#crash("lose");
      if (isLast) await this.#verify();
      await this.#probe();
    }
  }

  /** On a copy, if a copy can be had: what only a cache holds cannot be copied. */
  async #probe(): Promise<void> {
    if (this.#disk.paths().some((path) => !this.#disk.isSettled(path)) || this.#disk.hasUnsyncedNames) return;
    const random = this.#random.fork();
    const engineOn = (disk: SimulatedDisk): EmbeddedEngine =>
      new EmbeddedEngine({ ...this.#options(new SimulatedClock(this.#nowMs)), disk });
    await probeFlips(this.#world, { disk: this.#disk.crash("lose"), random, engineOn, nowMs: this.#nowMs });
  }

  async #verify(): Promise<void> {
    const { problems } = await verifyDirectory(this.#disk, dataDirectory);
    // A header that a crash tore stays so until its file is used again, and a torn end as long as nothing is written.
    const others = problems.filter((sentence) => !/header|is incomplete and was left out/.test(sentence));
    assert.deepEqual(others, []);
  }

  async #open(weather: FaultProfile): Promise<Session | undefined> {
    weather.over(this.#disk, this.#note);
    const session = this.#session(weather);
    try {
      await session.engine.open();
    } catch (error) {
      this.#note(`open: ${error}`);
      assert(weather.hasFailed || this.#disk.isOff, `nothing was wrong with the disk: ${error}`);
      assert(!(error instanceof EngineError && error.kind === "corrupt"), `refused: ${error}`);
      assert(
        error instanceof EngineError || (error instanceof Error && error.name === "DataDirectoryError"),
        `${error}`,
      );
      this.#die();
      return undefined;
    }
    return session;
  }

  /** On a disk without faults every directory opens, and holds what it must. */
  async #openCalmly(): Promise<Session> {
    noFaults(this.#disk, this.#note);
    const session = this.#session(new FaultProfile(this.#random.fork()));
    await session.engine.open();
    await this.#greet(session);
    return session;
  }

  async #greet(session: Session): Promise<void> {
    await this.#world.checkAll(session, true);
    const { degraded } = await session.engine.health();
    if (!session.weather.hasFailed) for (const sentence of degraded) assert.match(sentence, harmless);
  }

  #session(weather: FaultProfile): Session {
    const clock = new SimulatedClock(this.#nowMs);
    const options = this.#options(clock);
    const bodyBytesMax = (options.groupBytesMax ?? 0) - 256;
    return {
      engine: new EmbeddedEngine(options),
      disk: this.#disk,
      clock,
      weather,
      bodyBytesMax,
      isClosing: false,
      hasFlipped: false,
    };
  }

  #options(clock: SimulatedClock): EmbeddedEngineOptions {
    const random = this.#random;
    return {
      directory: dataDirectory,
      disk: this.#disk,
      clock,
      diskBudgetBytes: random.next() < 0.8 ? 64 * 1024 * kibibyte : 300 * kibibyte,
      walFileBytes: 4 * kibibyte * random.integer(5, 12),
      groupBytesMax: this.#groupBytesMax,
      queueBytesMax: 64 * kibibyte,
      // Groups here are never as large as those that would be on their way two at a time.
      secondGroupBytesMin: random.next() < 0.5 ? 0 : 128 * kibibyte,
      tailWindowBytes: random.next() < 0.5 ? 0 : 16 * kibibyte,
      snapshotAfterBytes: random.integer(200, 4_000),
      walBytesMax: random.next() < 0.8 ? 1024 * kibibyte : 200 * kibibyte,
      compaction: {
        flushAfterBytes: random.next() < 0.7 ? 0 : 64 * kibibyte,
        ownSegmentBytes: random.integer(1, 8) * kibibyte,
        smallSegmentBytesMax: random.integer(8, 40) * kibibyte,
        mergedSegmentBytesMax: random.integer(40, 200) * kibibyte,
      },
      randomBytes: (byteCount) => Buffer.alloc(byteCount, "salt and id"),
    };
  }

  /** Rounds of calls, some of them begun before those of the round before are through. */
  async #use(session: Session): Promise<void> {
    const random = this.#random;
    await this.#lookAtFirst(session);
    const underWay = new Set<Promise<void>>();
    for (let left = random.integer(1, roundsMax); left > 0 && !this.#disk.isOff; left--) {
      for (let calls = random.integer(1, callsMax); calls > 0; calls--) {
        const call = act(this.#world, session).finally(() => underWay.delete(call));
        underWay.add(call);
        // A failure must wait for the others to come to an end, and must not count as nobody's.
        call.catch(() => undefined);
      }
      if (random.next() < 0.3) for (let turns = random.integer(1, 5); turns > 0; turns--) await nextTurn();
      else await Promise.all(underWay);
      await this.#checkHealth(session);
    }
    await this.#end(session, underWay);
  }

  /** Under weather the first look may fail, and then tells nothing. */
  async #lookAtFirst(session: Session): Promise<void> {
    try {
      await this.#greet(session);
    } catch (error) {
      const isOfDisk = error instanceof EngineError && (error.kind === "unavailable" || error.kind === "indeterminate");
      if (!isOfDisk || !(session.weather.hasFailed || this.#disk.isOff)) throw error;
    }
  }

  async #checkHealth({ engine, weather }: Session): Promise<void> {
    if (this.#disk.isOff) return;
    const { ready, degraded } = await engine.health();
    if (weather.hasLogFailed) assert(!ready, "a log that failed is not ready");
    if (ready) return;
    weather.hasLogFailed = true;
    assert(weather.hasFailed, degraded.join());
    assert(
      degraded.some((sentence) => /^The log stopped at a failed write/.test(sentence)),
      degraded.join(),
    );
  }

  /** A close, a kill or a power cut; with calls under way or when all are through. */
  async #end(session: Session, underWay: ReadonlySet<Promise<void>>): Promise<void> {
    const dice = this.#random.next();
    if (this.#random.next() < 0.7) await Promise.all(underWay);
    session.isClosing = true;
    if (dice < 0.4 && !this.#disk.isOff) {
      this.#note("close");
      await Promise.all([session.engine.close(), ...underWay]);
    }
    this.#nowMs = session.clock.nowMs();
    this.#die();
    await Promise.all(underWay);
  }

  /** The process is gone, or the power. */
  #die(): void {
    const dice = this.#random.next();
    this.#crash(dice < 0.4 ? "keep" : dice < 0.7 ? "tear" : "lose");
  }

  #crash(policy: CrashPolicy): void {
    this.#note(`crash: ${policy}`);
    const before = this.#disk;
    this.#disk = before.crash(policy);
    // Whatever the dead process had begun must not go on.
    before.isOff = true;
  }
}
