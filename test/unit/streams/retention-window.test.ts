import assert from "node:assert/strict";
import { test } from "node:test";
import { horizonMs, isExpired, retentionMs } from "../../../src/streams/retention-window.ts";

test("a record expires one millisecond after its retention", () => {
  assert.equal(retentionMs(24), 86_400_000);
  const horizon = horizonMs(100_000_000_000, 24);
  assert.equal(isExpired(100_000_000_000 - 86_400_000, horizon), false);
  assert.equal(isExpired(100_000_000_000 - 86_400_001, horizon), true);
});
