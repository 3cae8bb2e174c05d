import assert from "node:assert/strict";
import { test } from "node:test";
import { giveBackAnswer, leaveToCollector, takeAnswerMemory } from "../../../src/protocol/answer-memory.ts";

test("memory that was given back is used again, by one answer at a time", () => {
  const first = takeAnswerMemory(100_000);
  const other = takeAnswerMemory(100_000);
  assert.ok(first.length >= 100_000 && first.buffer !== other.buffer);
  giveBackAnswer(first.subarray(10, 20));
  const again = takeAnswerMemory(120_000);
  assert.equal(again.buffer, first.buffer);
  giveBackAnswer(again);
  giveBackAnswer(again);
  assert.equal(takeAnswerMemory(120_000).buffer, first.buffer);
  assert.notEqual(takeAnswerMemory(120_000).buffer, first.buffer);
});

test("what goes to several clients never comes back", () => {
  const shared = takeAnswerMemory(200_000);
  leaveToCollector(shared);
  giveBackAnswer(shared);
  assert.notEqual(takeAnswerMemory(200_000).buffer, shared.buffer);
});

test("what is not pooled may be given back, and changes nothing", () => {
  const [small, huge] = [Buffer.from("a"), takeAnswerMemory(20 * 1024 * 1024)];
  giveBackAnswer(small);
  giveBackAnswer(huge);
  assert.notEqual(takeAnswerMemory(40_000).buffer, small.buffer);
  assert.notEqual(takeAnswerMemory(20 * 1024 * 1024).buffer, huge.buffer);
});
