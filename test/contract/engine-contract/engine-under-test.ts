import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { Engine } from "../../../src/engine/engine.ts";
import { EngineError, type EngineErrorKind } from "../../../src/engine/engine-error.ts";
import type { AppendOutcome, Entry, Position, ShardLog, ShardRef, StoredEntry } from "../../../src/engine/shard-log.ts";
import type { SimulatedClock } from "../../support/simulated-clock.ts";

export interface EngineUnderTest {
  /** Open already. */
  readonly engine: Engine;
  /** The engine's only source of time, unless its traits say that servers stamp its entries. */
  readonly clock: SimulatedClock;
  /** Closes the present engine and opens another on the same data. Present exactly where the traits say so. */
  readonly reopen?: () => Promise<Engine>;
  /** Closes whichever engine is open and removes its data. */
  close(): Promise<void>;
}

export type MakeEngine = (context: TestContext) => Promise<EngineUnderTest>;

export interface EngineTraits {
  /** `dense`: an entry begins where the one before ended, the first at 1. `increasing`: later entries lie higher. */
  readonly positions: "dense" | "increasing";
  /** Whose clock gives `storedMs`: the simulated one, or the real ones of servers. */
  readonly storedBy: "clock" | "servers";
  /** Whether data outlives a close, so that `makeEngine` gives a `reopen`. */
  readonly reopens: boolean;
}

/** Registers one test that gets an engine of its own. */
export type EngineTest = (title: string, body: (subject: EngineUnderTest) => Promise<void>) => void;

export const everything = { entriesMax: 10_000, bytesMax: 256 * 1024 * 1024 } as const;

let streamCount = 0;

/** A stream id that no other test uses: ids are never reused, so engines may rely on that. */
export function newStreamId(): string {
  streamCount += 1;
  return `contract-${process.pid}-${streamCount}`;
}

export function makeShard(log: ShardLog, streamId: string = newStreamId(), shardIndex = 0): Promise<ShardRef> {
  return log.createShard(streamId, shardIndex, { openShardCount: 1 });
}

export function textEntry(clock: SimulatedClock, text: string, count = 1): Entry {
  return { count, timeMs: clock.nowMs(), body: Buffer.from(text) };
}

export function textOf(entry: StoredEntry): string {
  return Buffer.from(entry.body).toString();
}

export function textsOf(entries: readonly StoredEntry[]): readonly string[] {
  return entries.map(textOf);
}

/** One past the entry's last record. */
export function endOf(entry: { readonly position: Position; readonly count: number }): Position {
  return entry.position + BigInt(entry.count);
}

export async function appendOne(log: ShardLog, shard: ShardRef, entry: Entry): Promise<AppendOutcome> {
  const outcomes = await log.append([{ shard, entry }]);
  assert.equal(outcomes.length, 1);
  return outcomes[0] ?? assert.fail("one entry has one outcome");
}

/** Appends and insists that it was stored. */
export async function storeOne(log: ShardLog, shard: ShardRef, entry: Entry): Promise<Position> {
  return storedPosition(await appendOne(log, shard, entry));
}

export function storedPosition(outcome: AppendOutcome | undefined): Position {
  assert(outcome !== undefined && outcome.kind === "stored", `stored, not ${outcome?.kind}`);
  return outcome.position;
}

/** Everything from `from` in pages of a few entries, so that paging itself is under test wherever this is used. */
export async function readAll(
  log: ShardLog,
  shard: ShardRef,
  from: Position = 1n,
  entriesMax = 7,
): Promise<readonly StoredEntry[]> {
  const entries: StoredEntry[] = [];
  for (let next = from; ; ) {
    const page = await log.read(shard, next, { entriesMax, bytesMax: everything.bytesMax });
    if (page.entries.length === 0) return entries;
    assert(page.next > next, "a page with entries leads on");
    entries.push(...page.entries);
    next = page.next;
  }
}

export function assertPlacedAfter(traits: EngineTraits, end: Position, position: Position): void {
  if (traits.positions === "dense") assert.equal(position, end);
  else assert(position >= end, `${position} lies at or after ${end}`);
}

export async function rejectsAs(kind: EngineErrorKind, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert(error instanceof EngineError, `an EngineError, not ${String(error)}`);
    assert.equal(error.kind, kind, error.message);
    return true;
  });
}
