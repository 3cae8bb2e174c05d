import assert from "node:assert/strict";
import { test } from "node:test";
import {
  leaveToCollector,
  releaseResponse,
  takeResponseMemory,
} from "../../../../src/protocol/records/response-memory.ts";

test("memory that was given back is used again, by one answer at a time", () => {
  const first = takeResponseMemory(100_000);
  const other = takeResponseMemory(100_000);
  assert.ok(first.length >= 100_000 && first.buffer !== other.buffer);
  releaseResponse(first.subarray(10, 20));
  const again = takeResponseMemory(120_000);
  assert.equal(again.buffer, first.buffer);
  releaseResponse(again);
  releaseResponse(again);
  assert.equal(takeResponseMemory(120_000).buffer, first.buffer);
  assert.notEqual(takeResponseMemory(120_000).buffer, first.buffer);
});

test("what goes to several clients never comes back", () => {
  const shared = takeResponseMemory(200_000);
  leaveToCollector(shared);
  releaseResponse(shared);
  assert.notEqual(takeResponseMemory(200_000).buffer, shared.buffer);
});

test("what is not pooled may be given back, and changes nothing", () => {
  const [small, huge] = [Buffer.from("a"), takeResponseMemory(20 * 1024 * 1024)];
  releaseResponse(small);
  releaseResponse(huge);
  assert.notEqual(takeResponseMemory(40_000).buffer, small.buffer);
  assert.notEqual(takeResponseMemory(20 * 1024 * 1024).buffer, huge.buffer);
});
