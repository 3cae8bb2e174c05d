import assert from "node:assert/strict";
import { test } from "node:test";
import { forgeMany } from "./forge-many.ts";
import { forgeryNames } from "./forgery.ts";

test("of 10,000 forged requests all are refused with the right type, and nothing is written", async () => {
  const tried = await forgeMany({ count: 10_000, seed: 4 });
  const untried = forgeryNames.filter((name) => (tried.get(name) ?? 0) < 20);
  assert.deepEqual(untried, []);
});
