import assert from "node:assert/strict";
import { test } from "node:test";
import { nextAppendStep } from "../../../../../src/engine/jetstream/log/append-plan.ts";

const early = { sameKindCount: 1, maybeStored: false, elapsedMs: 10 };
const late = { ...early, elapsedMs: 12_000 };

test("an acknowledgement ends an append however late it comes", () => {
  const stored = { kind: "stored", sequence: 7, isDuplicate: true } as const;
  for (const attempts of [early, late, { ...late, maybeStored: true }]) {
    assert.deepEqual(nextAppendStep(stored, attempts, 0), { kind: "done", sequence: 7 });
  }
});

test("after a refusal by the fence, an attempt without an answer is looked up before the fence is read", () => {
  const refused = { kind: "refused", lastSequence: 9 } as const;
  assert.deepEqual(nextAppendStep(refused, early, 0), { kind: "look", examines: false });
  assert.deepEqual(nextAppendStep(refused, { ...early, maybeStored: true }, 0), { kind: "look", examines: true });
  assert.deepEqual(nextAppendStep(refused, { ...late, maybeStored: true }, 0), { kind: "look", examines: true });
});

test("an append that was never answered gives up as indeterminate, one that was refused each time as unavailable", () => {
  for (const outcome of [{ kind: "unserved" }, { kind: "contended" }, { kind: "failed", reason: "full" }] as const) {
    const step = nextAppendStep(outcome, late, 0);
    assert(step.kind === "give-up" && step.as === "unavailable");
    const doubtful = nextAppendStep(outcome, { ...late, maybeStored: true }, 0);
    assert(doubtful.kind === "give-up" && doubtful.as === "indeterminate");
  }
  assert.equal(nextAppendStep({ kind: "unknown" }, { ...early, maybeStored: true }, 0).kind, "repeat");
});

test("a contended append moves to another stripe only while no attempt may be stored on this one", () => {
  const contended = { kind: "contended" } as const;
  const stepAfter = (sameKindCount: number, maybeStored: boolean) =>
    nextAppendStep(contended, { sameKindCount, maybeStored, elapsedMs: 10 }, 0.5);
  assert.deepEqual(stepAfter(1, false), { kind: "repeat", pauseMs: 3, changesStripe: false });
  assert.deepEqual(stepAfter(3, false), { kind: "repeat", pauseMs: 3, changesStripe: true });
  assert.deepEqual(stepAfter(3, true), { kind: "repeat", pauseMs: 3, changesStripe: false });
});
