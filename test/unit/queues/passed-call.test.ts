import assert from "node:assert/strict";
import { test } from "node:test";
import { EngineError } from "../../../src/engine/engine-error.ts";
import type { CallHandler, GatewayCall } from "../../../src/gateways/gateway-calls.ts";
import { KeyError } from "../../../src/keys/key-provider.ts";
import { decodeCall, encodeAnswer } from "../../../src/queues/passed-call.ts";
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
        if (waits.length === 4) return await encodeAnswer(Promise.resolve(noReceivedRecords));
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

test("an error of a call that was passed on is that of the owner, and the call is not repeated", async () => {
  const errors = [new KeyError("disabled", "the key is disabled"), new TypeError("the server has a bug")];
  let refusal: Error | undefined;
  let passedCount = 0;
  let answer: CallHandler | undefined;
  const gateway = { id: "owner" };
  const own = async () => ({ gateway, isOwn: true, revision: 1n });
  const owner = await OpenedQueue.open({
    own: (log) => ({
      read: async (...args) => {
        if (refusal !== undefined) throw refusal;
        return await log.read(...args);
      },
    }),
    options: {
      gateways: {
        registry: { isSeen: true, lapseCount: 0 },
        owners: { onChange: () => undefined, claim: own, confirm: own, find: () => ({ gateway, isOwn: true }) },
        calls: {
          handle(_name: string, handler: CallHandler) {
            answer = handler;
          },
        },
      } as unknown as QueueGateways,
    },
  });
  const other = await OpenedQueue.open({
    options: {
      gateways: {
        registry: {},
        owners: { onChange: () => undefined, claim: async () => ({ gateway, isOwn: false, revision: 1n }) },
        calls: {
          handle: () => undefined,
          async call(_gateway: object, { payload, signal }: GatewayCall) {
            passedCount += 1;
            return await answer?.(payload, signal);
          },
        },
      } as unknown as QueueGateways,
    },
  });
  await owner.put("a");
  assert.deepEqual(receivedTexts(await other.receive({ visibilitySeconds: 1 })), ["a"]);
  for (const error of errors) {
    refusal = error;
    passedCount = 0;
    await owner.put("b");
    const met = await other.receive().catch((thrown: unknown) => thrown);
    assert(met instanceof Error);
    assert.equal(met.message, error.message);
    if (error instanceof KeyError) assert(met instanceof KeyError && met.kind === error.kind);
    assert.equal(passedCount, 1);
    // A failed read is not begun at once.
    await owner.opened.clock.advance(1_100);
  }
  refusal = undefined;
  await other.close();
  await owner.close();
});
