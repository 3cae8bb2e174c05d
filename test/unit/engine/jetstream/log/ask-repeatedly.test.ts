import assert from "node:assert/strict";
import { test } from "node:test";
import { EngineError } from "../../../../../src/engine/engine-error.ts";
import type { JetStreamApi } from "../../../../../src/engine/jetstream/api/jetstream-api.ts";
import { askRepeatedly } from "../../../../../src/engine/jetstream/log/ask-repeatedly.ts";

const group = { assertGroupExists: async () => undefined };

function apiOf({ isClosed }: { readonly isClosed: boolean }): JetStreamApi {
  return { connection: { isClosed } } as unknown as JetStreamApi;
}

async function silence(): Promise<never> {
  throw new EngineError("unavailable", "no replica answered");
}

test("a read of a group whose replicas never answer fails instead of waiting for ever", async (t) => {
  let nowMs = 0;
  t.mock.method(performance, "now", () => nowMs);
  let count = 0;
  const ask = askRepeatedly(apiOf({ isClosed: false }), group, async () => {
    count += 1;
    nowMs += 5_000;
    return await silence();
  });
  await assert.rejects(ask, /no replica answered/);
  assert.equal(count, 3);
});

test("a read that waits for replicas ends when the engine is closed, or the group is gone", async () => {
  await assert.rejects(askRepeatedly(apiOf({ isClosed: true }), group, silence), { kind: "closed" });
  const gone = {
    assertGroupExists: async () => {
      throw new EngineError("not_found", "it was dropped");
    },
  };
  await assert.rejects(askRepeatedly(apiOf({ isClosed: false }), gone, silence), { kind: "not_found" });
});
