// One seed decides a disk, a workload and all faults; the same seed gives the same history, operation by operation.
import assert from "node:assert/strict";
import { setImmediate as nextTick } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { EmbeddedEngine } from "../../src/engine/embedded/embedded-engine.ts";
import type { EmbeddedEngineOptions } from "../../src/engine/embedded/engine-options.ts";
import { verifyDirectory } from "../../src/engine/embedded/offline/verify-directory.ts";
import { EngineError } from "../../src/engine/engine-error.ts";
import { dataDirectory } from "../support/embedded-engine.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { SimulatedClock } from "../support/simulated-clock.ts";
import { type CrashPolicy, crashPolicyOf, SimulatedDisk } from "../support/simulated-disk.ts";
import { act } from "./act.ts";
import { EngineModel, type Session } from "./engine-model.ts";
import { FaultProfile, noFaults } from "./fault-profile.ts";
import { probeFlips } from "./flips/flip-probe.ts";

const kibibyte = 1024;
const sessionsMax = 5;
const roundsMax = 40;
const callsMax = 6;
/** Lines of the history in an error. */
const linesShown = 60;

/** What recovery may report although nothing acknowledged is lost. */
const harmless = /is incomplete and was left out|One of the two headers|the system clock was/;

export interface SeedResult {
  /** CRC-32 of every disk operation and every call. */
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
    lines[lineCount % linesShown] = line;
    trace?.(line);
  };
  try {
    await new Run(seed, note).run();
    return { historyCheck, lineCount };
  } catch (error) {
    const shown = Array.from({ length: linesShown }, (_, index) => lines[(lineCount + 1 + index) % linesShown] ?? "");
    const how = `npm run test:disk -- --seed ${seed} runs it alone, and --trace shows all of it`;
    throw new Error(`Seed ${seed} broke a promise. ${how}; it ended with:\n${shown.join("\n")}`, { cause: error });
  }
}

/** Seeds 1 to `count`; returns the lines of all their histories. */
export async function runSeeds(count: number): Promise<number> {
  let lineCount = 0;
  for (let seed = 1; seed <= count; seed++) lineCount += (await runSeed(seed)).lineCount;
  return lineCount;
}

class Run {
  readonly #random: SeededRandom;
  readonly #model: EngineModel;
  readonly #note: (line: string) => void;
  readonly #isDirect: boolean;
  readonly #groupBytesMax: number;
  #disk: SimulatedDisk;
  #nowMs = new SimulatedClock().nowMs();

  constructor(seed: number, note: (line: string) => void) {
    this.#random = new SeededRandom(seed);
    this.#note = note;
    this.#model = new EngineModel(this.#random.fork(), note);
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
    await this.#checkAtEnd();
  }

  /** After any history a disk without faults serves all records, takes more, and verifies. */
  async #checkAtEnd(): Promise<void> {
    for (const isLast of [false, true]) {
      const session = await this.#openWithoutFaults();
      for (let left = 5; left > 0; left--) await act(this.#model, session);
      await session.engine.settled();
      await this.#model.checkAll(session, true);
      session.isClosing = true;
      await session.engine.close();
      this.#crash("lose");
      if (isLast) await this.#verify();
      await this.#probe();
    }
  }

  /** On a copy of the disk, unless a cache holds what a copy would lose. */
  async #probe(): Promise<void> {
    if (this.#disk.paths().some((path) => !this.#disk.isSettled(path)) || this.#disk.hasUnsyncedNames) return;
    const random = this.#random.fork();
    const engineOn = (disk: SimulatedDisk): EmbeddedEngine =>
      new EmbeddedEngine({ ...this.#options(new SimulatedClock(this.#nowMs)), disk });
    await probeFlips(this.#model, { disk: this.#disk.crash("lose"), random, engineOn, nowMs: this.#nowMs });
  }

  async #verify(): Promise<void> {
    const { problems } = await verifyDirectory(this.#disk, dataDirectory);
    // A header that a crash tore remains until its file is reused, a torn end until the next write.
    const others = problems.filter((sentence) => !/header|is incomplete and was left out/.test(sentence));
    assert.deepEqual(others, []);
  }

  async #open(faults: FaultProfile): Promise<Session | undefined> {
    faults.applyTo(this.#disk, this.#note);
    const session = this.#session(faults);
    try {
      await session.engine.open();
    } catch (error) {
      this.#note(`open: ${error}`);
      assert(faults.hasFailed || this.#disk.isOff, `nothing was wrong with the disk: ${error}`);
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

  /** On a disk without faults every directory opens and has all that was acknowledged. */
  async #openWithoutFaults(): Promise<Session> {
    noFaults(this.#disk, this.#note);
    const session = this.#session(new FaultProfile(this.#random.fork()));
    await session.engine.open();
    await this.#checkInvariants(session);
    return session;
  }

  async #checkInvariants(session: Session): Promise<void> {
    await this.#model.checkAll(session, true);
    const { degraded } = await session.engine.health();
    if (!session.faults.hasFailed) for (const sentence of degraded) assert.match(sentence, harmless);
  }

  #session(faults: FaultProfile): Session {
    const clock = new SimulatedClock(this.#nowMs);
    const options = this.#options(clock);
    const bodyBytesMax = (options.groupBytesMax ?? 0) - 256;
    return {
      engine: new EmbeddedEngine(options),
      disk: this.#disk,
      clock,
      faults,
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
      // Commit groups here are smaller than those of which two are in flight by default.
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

  /** Rounds of calls, some of which begin before those of the previous round have ended. */
  async #use(session: Session): Promise<void> {
    const random = this.#random;
    await this.#checkAtStart(session);
    const inFlight = new Set<Promise<void>>();
    for (let left = random.integer(1, roundsMax); left > 0 && !this.#disk.isOff; left--) {
      for (let calls = random.integer(1, callsMax); calls > 0; calls--) {
        const call = act(this.#model, session).finally(() => inFlight.delete(call));
        inFlight.add(call);
        // A failure waits until the other calls have ended; it must not count as unhandled meanwhile.
        call.catch(() => undefined);
      }
      if (random.next() < 0.3) for (let ticks = random.integer(1, 5); ticks > 0; ticks--) await nextTick();
      else await Promise.all(inFlight);
      await this.#checkHealth(session);
    }
    await this.#end(session, inFlight);
  }

  /** On a failing disk the first check may fail, and then proves nothing. */
  async #checkAtStart(session: Session): Promise<void> {
    try {
      await this.#checkInvariants(session);
    } catch (error) {
      const isOfDisk = error instanceof EngineError && (error.kind === "unavailable" || error.kind === "indeterminate");
      if (!isOfDisk || !(session.faults.hasFailed || this.#disk.isOff)) throw error;
    }
  }

  async #checkHealth({ engine, faults }: Session): Promise<void> {
    if (this.#disk.isOff) return;
    const { ready, degraded } = await engine.health();
    if (faults.hasLogFailed) assert(!ready, "a log that failed is not ready");
    if (ready) return;
    faults.hasLogFailed = true;
    assert(faults.hasFailed, degraded.join());
    assert(
      degraded.some((sentence) => /^The log stopped at a failed write/.test(sentence)),
      degraded.join(),
    );
  }

  /** A close, a kill or a power cut, with or without calls in flight. */
  async #end(session: Session, inFlight: ReadonlySet<Promise<void>>): Promise<void> {
    const dice = this.#random.next();
    if (this.#random.next() < 0.7) await Promise.all(inFlight);
    session.isClosing = true;
    if (dice < 0.4 && !this.#disk.isOff) {
      this.#note("close");
      await Promise.all([session.engine.close(), ...inFlight]);
    }
    this.#nowMs = session.clock.nowMs();
    this.#die();
    await Promise.all(inFlight);
  }

  /** The process stops, or the power. */
  #die(): void {
    this.#crash(crashPolicyOf(this.#random.next()));
  }

  #crash(policy: CrashPolicy): void {
    this.#note(`crash: ${policy}`);
    const before = this.#disk;
    this.#disk = before.crash(policy);
    // What the stopped process began must not continue.
    before.isOff = true;
  }
}
