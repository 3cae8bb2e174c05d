import assert from "node:assert/strict";
import { test } from "node:test";
import { queueKillNine } from "./queue-kill-nine.ts";

test("what workers acknowledged never comes again and nothing else is lost when the server is killed", async (t) => {
  const seed = Date.now() % 2 ** 32;
  t.diagnostic(`seed ${seed}`);
  const acknowledged = await queueKillNine({ rounds: 3, seed, report: (line) => t.diagnostic(line) });
  assert(acknowledged > 0);
});
