import assert from "node:assert/strict";
import { test } from "node:test";
import { isExpired, retentionMs, trimHorizonMs, withRetention } from "../../../src/streams/retention-window.ts";

test("a record expires one millisecond after its retention", () => {
  assert.equal(retentionMs(24), 86_400_000);
  const horizon = trimHorizonMs(100_000_000_000, { retentionHours: 24 });
  assert.equal(isExpired(100_000_000_000 - 86_400_000, horizon), false);
  assert.equal(isExpired(100_000_000_000 - 86_400_001, horizon), true);
});

test("what is expired stays expired when retention grows, and what is not keeps for the longer time", () => {
  const hourMs = 3_600_000;
  const grown = withRetention({ retentionHours: 24 }, 48, 100 * hourMs);
  assert.equal(trimHorizonMs(100 * hourMs, grown), 76 * hourMs);
  assert.equal(trimHorizonMs(120 * hourMs, grown), 76 * hourMs);
  assert.equal(trimHorizonMs(130 * hourMs, grown), 82 * hourMs);
  const shrunk = withRetention(grown, 24, 130 * hourMs);
  assert.equal(trimHorizonMs(130 * hourMs, shrunk), 106 * hourMs);
  assert.equal(trimHorizonMs(130 * hourMs, withRetention(shrunk, 48, 130 * hourMs)), 106 * hourMs);
});
