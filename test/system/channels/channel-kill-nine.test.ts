import assert from "node:assert/strict";
import { test } from "node:test";
import { hasChannelReaders } from "../../support/channel-readers.ts";
import { testedStore } from "../../support/tested-store.ts";
import { channelKillNine } from "./channel-kill-nine.ts";

test("each record is once in the bucket and in the table when the server is killed while it delivers", async (t) => {
  if (!testedStore.isHere(t) || !hasChannelReaders(t)) return;
  const seed = Date.now() % 2 ** 32;
  t.diagnostic(`seed ${seed}`);
  const delivered = await channelKillNine({
    store: testedStore,
    rounds: 2,
    seed,
    report: (line) => t.diagnostic(line),
  });
  assert(delivered > 0);
});
