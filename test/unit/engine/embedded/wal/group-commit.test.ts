import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { readGroupHeader } from "../../../../../src/engine/embedded/format/commit-group.ts";
import { identityOf } from "../../../../../src/engine/embedded/format/format-file.ts";
import { frameKind, wholeSlice } from "../../../../../src/engine/embedded/format/frame.ts";
import { EngineState } from "../../../../../src/engine/embedded/state/engine-state.ts";
import { LogState } from "../../../../../src/engine/embedded/state/log-state.ts";
import {
  GroupCommit,
  type GroupWriter,
  groupMemoryBytes,
} from "../../../../../src/engine/embedded/wal/group-commit.ts";
import { TailWindow } from "../../../../../src/engine/embedded/wal/tail-window.ts";
import type { EngineError } from "../../../../../src/engine/engine-error.ts";
import { systemClock } from "../../../../../src/time/system-clock.ts";

/** Groups of this size may go together. */
const largeBytes = 200 * 1024;

interface Write {
  readonly lsn: number;
  readonly durableThroughLsn: number;
  finish(): void;
  fail(error: Error): void;
}

const identity = identityOf(Buffer.alloc(16), Buffer.alloc(8));

/** A log whose writes end when the test says so. */
function commitOver({ freeBytes = Number.POSITIVE_INFINITY } = {}) {
  const writes: Write[] = [];
  const begun: number[] = [];
  const answers: string[] = [];
  let left = freeBytes;
  const wal: GroupWriter = {
    generation: 1,
    hasRoomFor: (length: number) => length <= left,
    async beginFile(lsn: number): Promise<void> {
      begun.push(lsn);
      left = freeBytes;
    },
    append(group: Buffer): Promise<number> {
      left -= group.length;
      return new Promise((resolve, reject) => {
        const { lsn, durableThroughLsn } = readGroupHeader(group, 0, identity) ?? assert.fail("a group has a header");
        writes.push({ lsn, durableThroughLsn, finish: () => resolve(lsn * 2 ** 20), fail: reject });
      });
    },
  };
  const contents = { identity, cipher: undefined, isClosed: false };
  const state = new EngineState(contents);
  state.addLog(new LogState(1, "orders", 0));
  const commit = new GroupCommit({
    memory: Buffer.alloc(groupMemoryBytes(1024 * 1024)),
    wal,
    state,
    window: new TailWindow(4 * 1024 * 1024),
    contents,
    clock: systemClock,
    groupBytesMax: 1024 * 1024,
    queueBytesMax: 1024 * 1024,
    secondGroupBytesMin: 128 * 1024,
    onCommitted: () => undefined,
  });
  let position = 1;
  const submit = (name: string, bytes: number): void => {
    const complete = (failure: EngineError | undefined): void => {
      answers.push(`${name} ${failure?.kind ?? "stored"}`);
    };
    const head = { kind: frameKind.entry, count: 1, logId: 1, position, timeMs: 1, storedMs: 1 };
    position += 1;
    commit.submit(head, wholeSlice(Buffer.alloc(bytes)), { complete });
  };
  /** Submits one entry and lets the event loop turn until its group is written, if it may be. */
  const put = async (name: string, bytes = largeBytes): Promise<void> => {
    submit(name, bytes);
    await turn();
    await turn();
  };
  return { commit, state, writes, begun, answers, submit, put };
}

test("two large groups are on their way together, and the one that is durable first waits for the one before it", async () => {
  const { writes, answers, put, state } = commitOver();
  await put("a");
  await put("b");
  await put("c");
  assert.deepEqual(
    writes.map(({ lsn, durableThroughLsn }) => [lsn, durableThroughLsn]),
    [
      [1, 0],
      [2, 0],
    ],
  );
  writes[1]?.finish();
  await turn();
  assert.deepEqual([answers, state.lsn, writes.length], [[], 0, 2]);
  writes[0]?.finish();
  await turn();
  assert.deepEqual([answers, state.lsn], [["a stored", "b stored"], 2]);
  assert.deepEqual([writes[2]?.lsn, writes[2]?.durableThroughLsn], [3, 2]);
});

test("small groups go one after another, so that each gathers what came meanwhile", async () => {
  const { writes, answers, put } = commitOver();
  await put("a", 100);
  await put("b", 100);
  await put("c", 100);
  assert.equal(writes.length, 1);
  writes[0]?.finish();
  for (let turns = 0; turns < 3; turns++) await turn();
  assert.equal(writes.length, 2);
  writes[1]?.finish();
  await turn();
  assert.deepEqual(answers, ["a stored", "b stored", "c stored"]);
});

test("a small group waits while turns of the event loop bring more, but not for ever", async () => {
  const { writes, submit, answers } = commitOver();
  const counts: number[] = [];
  for (const name of ["a", "b", "c", "d", "e"]) {
    submit(name, 100);
    await turn();
    counts.push(writes.length);
  }
  assert.deepEqual(counts, [0, 0, 1, 1, 1]);
  writes[0]?.finish();
  await turn();
  assert.deepEqual(answers, ["a stored", "b stored", "c stored"]);
});

test("a large group does not wait for more", async () => {
  const { writes, submit } = commitOver();
  submit("a", largeBytes);
  await turn();
  assert.equal(writes.length, 1);
});

test("when the first of two groups fails, the second is not acknowledged though it is on the disk", async () => {
  const { commit, writes, answers, put, state } = commitOver();
  await put("a");
  await put("b");
  await put("c");
  writes[1]?.finish();
  await turn();
  writes[0]?.fail(new Error("the disk is gone"));
  await turn();
  assert.deepEqual(answers, ["a indeterminate", "b indeterminate", "c unavailable"]);
  assert.deepEqual([state.lsn, commit.failure?.kind], [0, "unavailable"]);
  await commit.drain();
});

test("drain() waits for a write whose append has already failed, since its file may be closed after that", async () => {
  const { commit, writes, answers, put } = commitOver();
  await put("a");
  await put("b");
  writes[0]?.fail(new Error("the disk is gone"));
  await turn();
  assert.deepEqual(answers, ["a indeterminate", "b indeterminate"]);
  const drained = commit.drain().then(() => answers.push("drained"));
  await turn();
  assert.equal(answers.at(-1), "b indeterminate");
  writes[1]?.finish();
  await drained;
});

test("when the second of two groups fails, the first is still acknowledged", async () => {
  const { commit, writes, answers, put } = commitOver();
  await put("a");
  await put("b");
  writes[1]?.fail(new Error("the disk is gone"));
  await turn();
  assert.deepEqual([answers, commit.failure?.kind], [[], "unavailable"]);
  writes[0]?.finish();
  await turn();
  assert.deepEqual(answers, ["a stored", "b indeterminate"]);
});

test("a file begins only when every group before it is durable", async () => {
  const { writes, begun, put } = commitOver({ freeBytes: 300 * 1024 });
  await put("a");
  assert.deepEqual(begun, []);
  await put("b");
  assert.deepEqual([begun, writes.length], [[], 1]);
  writes[0]?.finish();
  await turn();
  assert.deepEqual([begun, writes.length], [[2], 2]);
});
