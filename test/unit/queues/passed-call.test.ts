import assert from "node:assert/strict";
import { test } from "node:test";
import { EngineError } from "../../../src/engine/engine-error.ts";
import { decodeCall, encodeResult } from "../../../src/queues/passed-call.ts";
import type { QueueGateways } from "../../../src/queues/queue-ownership.ts";
import { noReceivedRecords } from "../../../src/queues/received-builder.ts";
import { receivedTexts } from "../../support/received-texts.ts";
import { OpenedQueue } from "./opened-queue.ts";

test("a receive whose owner is lost on the way does not wait from the beginning again", async () => {
  const waits: number[] = [];
  const clock = { advance: async (_ms: number): Promise<void> => undefined };
  const gateway = { id: "other" };
  const gateways = {
    registry: {},
    owners: { onChange: () => undefined, claim: async () => ({ gateway, isOwn: false, revision: 1n }) },
    calls: {
      handle: () => undefined,
      async call(_gateway: object, { payload }: { readonly payload: Uint8Array }) {
        const { call } = decodeCall(payload);
        assert(call.name === "receive");
        waits.push(call.request.waitSeconds);
        if (waits.length === 4) return encodeResult(noReceivedRecords);
        await clock.advance(8_000);
        throw new EngineError("indeterminate", "The gateway was lost on the way.");
      },
    },
  } as unknown as QueueGateways;
  const queue = await OpenedQueue.open({ options: { gateways } });
  clock.advance = (ms) => queue.opened.clock.advance(ms);
  const receiving = queue.receive({ waitSeconds: 20 });
  for (let repeats = 0; repeats < 3; repeats += 1) {
    await queue.rest();
    await queue.opened.clock.advance(250);
  }
  assert.deepEqual(receivedTexts(await receiving), []);
  assert.deepEqual(waits, [20, 11.75, 3.5, 0]);
  await queue.close();
});
