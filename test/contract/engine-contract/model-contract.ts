import assert from "node:assert/strict";
import fc from "fast-check";
import type { ShardLog, ShardRef } from "../../../src/engine/shard-log.ts";
import type { SimulatedClock } from "../../support/simulated-clock.ts";
import {
  assertPlacedAfter,
  type EngineTest,
  type EngineTraits,
  endOf,
  everything,
  makeShard,
  newStreamId,
  readAll,
  textOf,
} from "./engine-under-test.ts";

const shardCount = 3;
const runCount = 25;

type Step =
  | { readonly kind: "append"; readonly calls: readonly (readonly Draft[])[] }
  | {
      readonly kind: "read";
      readonly shard: number;
      readonly place: number;
      readonly entriesMax: number;
      readonly bytesMax: number;
      readonly recordsMax: number;
    }
  | { readonly kind: "seal"; readonly shard: number }
  | { readonly kind: "clock"; readonly stepMs: number }
  | { readonly kind: "reopen" };

interface Draft {
  readonly shard: number;
  readonly count: number;
  readonly bytes: number;
}

/** What the engine must hold: a plain array per shard. */
interface ModelShard {
  ref: ShardRef;
  sealed: boolean;
  readonly entries: { readonly text: string; readonly count: number; readonly position: bigint }[];
}

const shardIndex = fc.nat({ max: shardCount - 1 });
const draft: fc.Arbitrary<Draft> = fc.record({
  shard: shardIndex,
  count: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant(4096)),
  bytes: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 3_000, max: 9_000 })),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      calls: fc.array(fc.array(draft, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("read" as const),
      shard: shardIndex,
      place: fc.nat({ max: 1_000 }),
      entriesMax: fc.integer({ min: 1, max: 20 }),
      bytesMax: fc.integer({ min: 1, max: 20_000 }),
      recordsMax: fc.integer({ min: 1, max: 30 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("seal" as const), shard: shardIndex }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("clock" as const), stepMs: fc.integer({ min: -5_000, max: 5_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("reopen" as const) }) },
);

export function modelContract(engineTest: EngineTest, traits: EngineTraits): void {
  engineTest(
    "three shards behave as three arrays under any interleaving of appends, reads and seals",
    async (subject) => {
      const { clock, reopen } = subject;
      let { log } = subject.engine;
      const property = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const shards = await makeModel(log);
        for (const [number, current] of steps.entries()) {
          if (current.kind === "append")
            await append(log, clock, shards, current.calls, { traits, label: `${number}` });
          else if (current.kind === "read") await readAndCompare(log, shardAt(shards, current.shard), current);
          else if (current.kind === "seal") await sealAndCompare(log, shardAt(shards, current.shard));
          else if (current.kind === "clock") clock.set(clock.nowMs() + current.stepMs);
          else if (reopen !== undefined) log = (await reopen()).log;
        }
        for (const shard of shards) await compareWhole(log, shard);
      });
      await fc.assert(property, { numRuns: runCount });
    },
  );
}

async function makeModel(log: ShardLog): Promise<readonly ModelShard[]> {
  const streamId = newStreamId();
  const shards: ModelShard[] = [];
  for (let index = 0; index < shardCount; index++) {
    shards.push({ ref: await makeShard(log, streamId, index), sealed: false, entries: [] });
  }
  return shards;
}

function shardAt(shards: readonly ModelShard[], index: number): ModelShard {
  return shards[index] ?? assert.fail(`no shard ${index}`);
}

/** All calls are made before the first is awaited. */
async function append(
  log: ShardLog,
  clock: SimulatedClock,
  shards: readonly ModelShard[],
  calls: readonly (readonly Draft[])[],
  { traits, label }: { readonly traits: EngineTraits; readonly label: string },
): Promise<void> {
  const texts = calls.map((drafts, call) =>
    drafts.map((one, index) => `${label}.${call}.${index} `.padEnd(one.bytes, "x")),
  );
  const pending = calls.map((drafts, call) =>
    log.append(
      drafts.map((one, index) => ({
        shard: shardAt(shards, one.shard).ref,
        entry: { count: one.count, timeMs: clock.nowMs(), body: Buffer.from(texts[call]?.[index] ?? "") },
      })),
    ),
  );
  for (const [call, outcomes] of (await Promise.all(pending)).entries()) {
    const drafts = calls[call] ?? [];
    assert.equal(outcomes.length, drafts.length);
    for (const [index, { shard: number, count }] of drafts.entries()) {
      const shard = shardAt(shards, number);
      const outcome = outcomes[index];
      assert.equal(outcome?.kind, shard.sealed ? "fenced" : "stored");
      if (outcome?.kind !== "stored") continue;
      const last = shard.entries.at(-1);
      assertPlacedAfter(traits, last === undefined ? 1n : endOf(last), outcome.position);
      shard.entries.push({ text: texts[call]?.[index] ?? "", count, position: outcome.position });
    }
  }
}

async function readAndCompare(log: ShardLog, shard: ModelShard, step: Extract<Step, { kind: "read" }>): Promise<void> {
  const last = shard.entries.at(-1);
  const span = last === undefined ? 1n : endOf(last) + 2n;
  const from = (BigInt(step.place) * span) / 1_000n;
  const expected = [];
  let bytes = 0;
  let recordsLeft = step.recordsMax;
  for (const entry of shard.entries) {
    if (endOf(entry) <= from) continue;
    bytes += entry.text.length;
    const isFull = expected.length >= step.entriesMax || bytes > step.bytesMax || recordsLeft <= 0;
    if (expected.length > 0 && isFull) break;
    expected.push(entry);
    recordsLeft -= entry.count - (from > entry.position ? Number(from - entry.position) : 0);
  }
  const { entries, next } = await log.read(shard.ref, from, step);
  assert.deepEqual(
    entries.map((entry) => ({ text: textOf(entry), count: entry.count, position: entry.position })),
    expected,
  );
  const end = expected.at(-1);
  if (end !== undefined) assert(next >= endOf(end));
  else assert(next >= from);
}

async function sealAndCompare(log: ShardLog, shard: ModelShard): Promise<void> {
  const { end } = await log.seal(shard.ref, "seal");
  const last = shard.entries.at(-1);
  assert(end >= (last === undefined ? 1n : endOf(last)));
  assert.equal((await log.read(shard.ref, 1n, everything)).tip, end);
  shard.sealed = true;
}

async function compareWhole(log: ShardLog, shard: ModelShard): Promise<void> {
  const entries = await readAll(log, shard.ref, 1n, 5);
  assert.deepEqual(
    entries.map((entry) => ({ text: textOf(entry), count: entry.count, position: entry.position })),
    shard.entries,
  );
  for (const [index, entry] of entries.entries()) {
    assert(entry.storedMs >= (entries[index - 1]?.storedMs ?? 0), "storedMs never falls");
  }
}
