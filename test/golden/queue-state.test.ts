// The bytes of the entries of state logs, against ones that only a new version of the layout may change.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { ChangeWriter } from "../../src/queues/log/change-writer.ts";
import { snapshotEntries } from "../../src/queues/log/snapshot-entries.ts";
import { applyEntry, originEntry } from "../../src/queues/log/state-entry.ts";
import { QueueState } from "../../src/queues/state/queue-state.ts";
import { textOfBytes } from "./golden-bytes.ts";

const goldenUrl = new URL("./queue-state.json", import.meta.url);
/** Set when the version has changed, to write down what the bytes are now. */
const writesGolden = process.env["MILLRACE_WRITE_GOLDEN"] !== undefined;
const golden: Record<string, string> = writesGolden ? {} : JSON.parse(readFileSync(goldenUrl, "utf8"));

function assertGolden(name: string, bytes: Uint8Array): void {
  const text = textOfBytes(Buffer.from(bytes));
  if (writesGolden) {
    golden[name] = text;
    writeFileSync(goldenUrl, `${JSON.stringify(golden, undefined, 2)}\n`);
  }
  assert.equal(text, golden[name], `${name}; a change of these bytes is a new version of the format`);
}

function emptyState(): QueueState {
  const state = new QueueState({ tick: 0, ended: () => undefined });
  for (const shardIndex of [0, 300]) state.addShard(shardIndex, { floor: 1, tip: 40_000 });
  return state;
}

/** A state with every form of a part and every kind of record. */
function fullState(): QueueState {
  const state = emptyState();
  const changes = new ChangeWriter();
  for (let position = 4096; position < 8192; position++) changes.done(0, position);
  for (const position of [8200, 8205, 12_000]) changes.done(0, position);
  for (let position = 12_288; position < 16_384; position += 2) changes.done(300, position);
  for (let position = 16_384; position < 20_480; position++) if (position % 1000 !== 0) changes.done(300, position);
  changes.counted(0, 3, 2, 1_800_000_000);
  changes.counted(0, 4, 2, 1_800_000_000);
  changes.dead(300, 5, 6, 1_800_000_001);
  changes.counted(300, 6, 0, 1_800_000_002);
  for (const body of changes.take()) applyEntry(body, state);
  return state;
}

test("changes of a state are written as they were from the first version on", () => {
  const changes = new ChangeWriter();
  for (const position of [7, 8, 9, 20, 5, 2 ** 40]) changes.done(2, position);
  changes.counted(2, 30, 1, 1_800_000_000);
  changes.dead(3, 31, 6, 1_800_000_000);
  const [body = new Uint8Array(0)] = changes.take();
  assertGolden("changes", body);
});

test("a snapshot of a state is written as it was from the first version on, and reads back as the same state", () => {
  const bodies = [...snapshotEntries(fullState())];
  assertGolden("snapshot", Buffer.concat(bodies));
  const again = emptyState();
  for (const body of bodies) applyEntry(body, again);
  assert.deepEqual([...snapshotEntries(again)], bodies);
  assert.equal(again.waitingCount, 3);
  assert.equal(again.visibleDeadCount, 1);
});

test("the origin of a generation is written as it was from the first version on", () => {
  const body = originEntry({ shardIndex: 4, placement: { log: 17 } });
  assertGolden("origin", body);
  assert.deepEqual(applyEntry(body, emptyState()).origin, { shardIndex: 4, placement: { log: 17 } });
});
