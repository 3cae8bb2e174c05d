import assert from "node:assert/strict";
import { test } from "node:test";
import { flipEverywhere } from "./flip-everywhere.ts";

test("one flipped bit of any byte of a closed directory is refused, answered with an error or told, and found by verify", async (t) => {
  const counts = await flipEverywhere("one");
  t.diagnostic(JSON.stringify(counts));
  for (const [outcome, count] of Object.entries(counts)) assert(count > 100, `${outcome}: ${count}`);
});
