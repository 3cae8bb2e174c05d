import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { setImmediate as nextTick } from "node:timers/promises";
import { BodyBudget } from "../../../../src/server/http/budgets/body-budget.ts";
import { enforceTimeouts } from "../../../../src/server/http/enforce-timeouts.ts";
import { BodyReader } from "../../../../src/server/http/read-body.ts";
import type { ServerContext } from "../../../../src/server/http/server-context.ts";
import { defaultServerLimits as limits } from "../../../../src/server/http/server-limits.ts";
import { SwapRemoveSet } from "../../../../src/server/http/swap-remove-set.ts";
import { WasmBodyMemory } from "../../../../src/server/http/wasm-body-memory.ts";

const { timeoutCheckMs, bodyRateWindowMs, contendedBodyBytesPerSecondMin, unsentMsMax } = limits;

/** A listener whose memory is short, with a connection that has something to be sent; its timeouts are checked by hand. */
function shortListener() {
  let nowMs = 0;
  const budget = new BodyBudget(limits);
  const cut: string[] = [];
  const exchanges = [{ unsentBytes: 1 }];
  const unread = {
    phase: "http1",
    exchanges: { all: () => exchanges, size: 1 },
    takeProgress: () => false,
    countIncompleteHead: () => undefined,
    abortExchanges: () => undefined,
    socket: { destroy: () => cut.push("reader") },
  };
  const bodies = {
    budget: Object.defineProperty(budget, "waitingCount", { value: 1 }),
    memory: new WasmBodyMemory(),
    receiving: new SwapRemoveSet<BodyReader>(),
    admitBody: () => ({ bytesMax: limits.requestBytesMax }),
    ...limits,
  };
  const connections: object[] = [];
  const context = {
    limits,
    clock: { monotonicMs: () => nowMs },
    bodies,
    responses: { takeShortage: () => true, isShort: true },
    connections,
    connectionBudget: { enforce: () => undefined },
    checkedMs: 0,
    isDraining: false,
  };
  return {
    cut,
    sendUnread: () => connections.push(unread),
    /** A body that is being received. */
    receive: (): PassThrough => {
      const source = new PassThrough({ highWaterMark: limits.requestBytesMax });
      const reader = new BodyReader(source, limits.requestBytesMax, {
        bodies,
        head: { method: "POST", url: "/", headers: {} },
        share: budget.join("127.0.0.1"),
        nowMs,
        ownsChunks: false,
        onWanted: () => undefined,
      });
      void reader.read().then((outcome) => cut.push(outcome));
      return source;
    },
    check: async (elapsedMs: number): Promise<readonly string[]> => {
      await nextTick();
      nowMs += elapsedMs;
      enforceTimeouts(context as unknown as ServerContext);
      await nextTick();
      return cut;
    },
  };
}

test("fear: the time in which the server stood still is taken for that of a client that reads slowly", async () => {
  const { sendUnread, check } = shortListener();
  sendUnread();
  await check(timeoutCheckMs);
  assert.deepEqual(await check(10 * unsentMsMax), []);
  for (let ms = 2 * timeoutCheckMs; ms <= unsentMsMax; ms += timeoutCheckMs) {
    assert.deepEqual(await check(timeoutCheckMs), []);
  }
  assert.deepEqual(await check(timeoutCheckMs), ["reader"]);
});

test("fear: the time in which the server stood still is taken for that of a client that sends slowly", async () => {
  const { receive, check } = shortListener();
  const source = receive();
  const bytesOfCheck = Buffer.alloc((contendedBodyBytesPerSecondMin * timeoutCheckMs) / 1000);
  for (let ms = 0; ms < bodyRateWindowMs; ms += timeoutCheckMs) {
    source.write(bytesOfCheck);
    assert.deepEqual(await check(timeoutCheckMs), []);
  }
  assert.deepEqual(await check(4 * bodyRateWindowMs), []);
  assert.deepEqual(await check(timeoutCheckMs), ["aborted"]);
});
