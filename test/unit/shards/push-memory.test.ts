import assert from "node:assert/strict";
import { test } from "node:test";
import { PushAdmission, type PushDemand, type PushMemory, pushBytesMax } from "../../../src/shards/push-memory.ts";

const { signal } = new AbortController();

/** Grants all that is asked for, or less, and keeps what it was told. */
class RecordedMemory implements PushMemory {
  readonly demands: PushDemand[] = [];
  held: number | undefined;
  grantedPart = 1;

  admit(demand: PushDemand): number {
    this.demands.push(demand);
    return demand.bytesMax * this.grantedPart;
  }

  hold(bytes: number): void {
    this.held = bytes;
  }

  get last(): PushDemand {
    const demand = this.demands.at(-1);
    assert(demand !== undefined, "memory was asked for");
    return demand;
  }
}

test("without bounds a push has as many bytes as it may", () => {
  const admission = new PushAdmission(undefined, signal);
  assert.equal(admission.take(false), pushBytesMax);
  admission.holdStored(1);
  admission.giveBack();
});

test("a push asks for its records as stored and as encoded, and is as large as what it is granted", async () => {
  const memory = new RecordedMemory();
  const admission = new PushAdmission(memory, signal);
  assert.equal(await admission.take(false), pushBytesMax);
  assert.equal(memory.last.bytesMax, 3.25 * pushBytesMax);
  memory.grantedPart = 0.25;
  assert.equal(await admission.take(false), pushBytesMax / 4);
  admission.holdStored(500_000);
  assert.equal(memory.held, 500_000 + 2.25 * (pushBytesMax / 4));
  admission.holdPush(100_000);
  assert.equal(memory.held, 725_000);
  admission.giveBack();
  assert.equal(memory.held, 0);
});

test("a reader that takes its pushes in time gets larger ones, a slow one what it reads in a second", () => {
  const memory = new RecordedMemory();
  const admission = new PushAdmission(memory, signal);
  const next = (): number => Number(admission.take(false));
  assert.equal(next(), pushBytesMax);
  assert(memory.last.isPrompt, "it has not been slow yet");
  admission.pace(8_000);
  assert.equal(next(), pushBytesMax / 8);
  assert(!memory.last.isPrompt);
  admission.pace(800);
  assert.equal(next(), pushBytesMax / 4);
  assert(memory.last.isPrompt);
  for (let count = 0; count < 20; count++) admission.pace(60_000);
  assert.equal(next(), 16 * 1024);
  for (let count = 0; count < 20; count++) admission.pace(0);
  assert.equal(next(), pushBytesMax);
});

test("a new record is in memory, and what is left of a batch is kept", () => {
  const memory = new RecordedMemory();
  const admission = new PushAdmission(memory, signal);
  void admission.take(true);
  assert.deepEqual([memory.last.isInMemory, memory.last.keptBytes], [true, 0]);
  void admission.takeMore(700);
  assert.deepEqual([memory.last.isInMemory, memory.last.keptBytes], [false, 700]);
});
