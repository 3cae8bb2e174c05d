import assert from "node:assert/strict";
import type { EmbeddedEngine } from "../../src/engine/embedded/embedded-engine.ts";
import { EngineError } from "../../src/engine/engine-error.ts";
import type { ShardRef, StoredEntry } from "../../src/engine/shard-log.ts";
import type { SeededRandom } from "../support/seeded-random.ts";
import type { SimulatedClock } from "../support/simulated-clock.ts";
import type { SimulatedDisk } from "../support/simulated-disk.ts";
import { DocumentStoreModel } from "./document-store-model.ts";
import type { FaultProfile } from "./fault-profile.ts";
import { LogModel } from "./log-model.ts";

/** One process on the disk, from an open to a close, a kill or a power cut. */
export interface Session {
  readonly engine: EmbeddedEngine;
  readonly disk: SimulatedDisk;
  readonly clock: SimulatedClock;
  readonly faults: FaultProfile;
  /** Bytes of an entry's body, at most. */
  readonly bodyBytesMax: number;
  isClosing: boolean;
  /** Whether bits were flipped while it ran: it may report damage that it found then. */
  hasFlipped: boolean;
}

/** What an engine must hold, across all sessions of one seed. */
export class EngineModel {
  readonly random: SeededRandom;
  readonly documents = new DocumentStoreModel();
  readonly note: (line: string) => void;
  /** Every shard log that was created, dropped ones included. */
  readonly logs: LogModel[] = [];
  /** How often each stream was dropped: a shard that is created meanwhile may be dropped with the others. */
  readonly streamDrops = new Map<string, number>();

  constructor(random: SeededRandom, note: (line: string) => void) {
    this.random = random;
    this.note = note;
  }

  get living(): readonly LogModel[] {
    return this.logs.filter(({ drop }) => drop === "none");
  }

  /** The model of a shard that the engine created: a known one, or a new one. */
  found(ref: ShardRef): LogModel {
    const logId = Number(ref.placement["log"]);
    const known = this.logs.find((log) => log.ref.placement["log"] === logId);
    if (known !== undefined) {
      assert.deepEqual(ref, known.ref);
      assert.notEqual(known.drop, "done", `${known.name} was dropped and exists again`);
      return known;
    }
    const log = new LogModel(ref);
    this.logs.push(log);
    return log;
  }

  timePasses(nowMs: number): void {
    for (const log of this.logs) log.timePasses(nowMs);
  }

  /**
   * Reads all records. With `settles` no call is in flight: a record that is not seen now must never be seen. Errors of the
   * disk are accepted unless it settles.
   */
  async checkAll(session: Session, settles: boolean): Promise<void> {
    this.timePasses(session.clock.nowMs());
    for (const log of this.logs) await this.#checkLog(session, log, settles);
    if (settles) await this.documents.settle(session.engine.documents);
  }

  async #checkLog(session: Session, log: LogModel, settles: boolean): Promise<void> {
    const { engine } = session;
    const storedEnd = log.storedEnd;
    const wasDropped = log.drop === "done";
    let seen: readonly StoredEntry[];
    try {
      seen = await readAll(engine, log, storedEnd);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      if (error.kind === "not_found") {
        assert.notEqual(log.drop, "none", `${log.name} does not exist, and was not dropped`);
        if (settles) log.drop = "done";
        return;
      }
      const isLetPass = error.kind === "unavailable" || (error.kind === "corrupt" && session.hasFlipped);
      if (settles || !isLetPass) throw error;
      return;
    }
    assert(!wasDropped, `${log.name} was dropped and exists`);
    if (!settles) return;
    log.drop = "none";
    log.settle(seen);
    await checkSeeks(engine, log, seen);
    await this.#settleSeal(engine, log);
  }

  /** A second seal must return the end of the first. */
  async #settleSeal(engine: EmbeddedEngine, log: LogModel): Promise<void> {
    if (log.seal === "none") return;
    const { end } = await engine.log.seal(log.ref, "again");
    assert.equal(end, await engine.log.seek(log.ref, { at: "newest" }), log.name);
    log.seal = "done";
  }
}

/** All pages of a shard log from its start, each compared with the model. */
async function readAll(
  engine: EmbeddedEngine,
  log: LogModel,
  storedEndBefore: bigint,
): Promise<readonly StoredEntry[]> {
  const entries: StoredEntry[] = [];
  for (let from = 1n; ; ) {
    const page = await engine.log.read(log.ref, from, { entriesMax: 50, bytesMax: 30_000 });
    log.checkPage(from, page, storedEndBefore);
    entries.push(...page.entries);
    if (page.next >= page.tip) return entries;
    assert(page.next > from, `${log.name}: a read at ${from} makes no progress`);
    from = page.next;
  }
}

/** Without calls in flight, seeks must agree with what was read. */
async function checkSeeks(engine: EmbeddedEngine, log: LogModel, seen: readonly StoredEntry[]): Promise<void> {
  const newest = await engine.log.seek(log.ref, { at: "newest" });
  const last = seen.at(-1);
  const end = last === undefined ? newest : last.position + BigInt(last.count);
  // Expired entries may have been removed during the read.
  if (newest > end) log.requireGone(end, newest);
  else assert.equal(newest, end, `${log.name}: newest`);
  const oldest = await engine.log.seek(log.ref, { at: "oldest" });
  const first = seen[0]?.position ?? newest;
  if (oldest > first) log.requireGone(first, oldest);
  else assert.equal(oldest, first, `${log.name}: oldest`);
  const middle = seen[Math.floor(seen.length / 2)];
  if (middle === undefined) return;
  const expected = seen.find(({ storedMs }) => storedMs >= middle.storedMs);
  const found = await engine.log.seek(log.ref, { at: "time", timeMs: middle.storedMs });
  if (!seen.some((entry) => log.hasExpired(entry.storedMs))) {
    assert.equal(found, expected?.position, `${log.name}: seek by time`);
  }
}
