import assert from "node:assert/strict";
import { test } from "node:test";
import { connectionCountMaxFor, defaultServerLimits } from "../../../../src/server/http/server-limits.ts";

test("fear: connections take every file that the process may open, and no record can be stored", () => {
  assert.equal(connectionCountMaxFor(Number.POSITIVE_INFINITY), defaultServerLimits.connectionCountMax);
  assert.equal(connectionCountMaxFor(16_384), defaultServerLimits.connectionCountMax);
  assert.equal(connectionCountMaxFor(4_096), 4_096 - 640);
  assert.equal(connectionCountMaxFor(1_024), 384);
  assert.equal(connectionCountMaxFor(256), 96);
});
