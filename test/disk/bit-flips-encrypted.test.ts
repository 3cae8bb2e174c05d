import assert from "node:assert/strict";
import { test } from "node:test";
import { masterKey } from "../support/directory-keys.ts";
import { flipEverywhere } from "./flip-everywhere.ts";
import { rules } from "./flip-rules.ts";

test("a flipped bit of any byte of a closed encrypted directory is refused, answered or told in the same ways, with its key or without", async (t) => {
  const { places, outcomes } = await flipEverywhere({ bits: "one", keys: masterKey("of the test") });
  t.diagnostic(JSON.stringify([Object.fromEntries(places), outcomes]));
  assert.deepEqual([...places.keys()].sort(), Object.keys(rules).sort());
});
