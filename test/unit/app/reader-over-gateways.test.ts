import assert from "node:assert/strict";
import { test } from "node:test";
import { type AskedGateways, readerOverGateways } from "../../../src/app/reader-over-gateways.ts";
import type { MetricReader } from "../../../src/cloudwatch/metric-reader.ts";
import { EngineError } from "../../../src/engine/engine-error.ts";
import type { CallHandler } from "../../../src/gateways/gateway-calls.ts";

const query = { source: "a/r/s", metric: 1, startMs: 0, endMs: 120_000, periodMs: 60_000 };

function readerWith(points: readonly (readonly [timeMs: number, value: number])[], metric: number): MetricReader {
  const set = (value: number) => ({ count: 1, sum: value, minimum: value, maximum: value });
  return {
    points: async (queries) => queries.map(() => points.map(([timeMs, value]) => ({ timeMs, set: set(value) }))),
    sources: async () => [{ source: "a/r/s", metrics: [metric] }],
  };
}

/** Gateways that call each other's handlers. */
function gateways(ids: readonly string[], gone: readonly string[] = []) {
  const handlers = new Map<string, Map<string, CallHandler>>(ids.map((id) => [id, new Map()]));
  const live = ids.map((id) => ({ id, address: `http://${id}` }));
  const asked = (id: string): AskedGateways => ({
    registry: { id, live },
    calls: {
      handle: (name, handler) => void handlers.get(id)?.set(name, handler),
      async call(gateway, { name, payload, signal }) {
        if (gone.includes(gateway.id)) throw new EngineError("unavailable", `${gateway.id} is gone`);
        return await (handlers.get(gateway.id)?.get(name) ?? assert.fail(name))(payload, signal);
      },
    },
  });
  return asked;
}

test("a reader of one gateway has the sum of all", async () => {
  const asked = gateways(["a", "b", "c"]);
  const reader = readerOverGateways(readerWith([[0, 5]], 0), asked("a"));
  readerOverGateways(
    readerWith(
      [
        [0, 7],
        [60_000, 1],
      ],
      1,
    ),
    asked("b"),
  );
  readerOverGateways(readerWith([], 1), asked("c"));
  assert.deepEqual(await reader.points([query]), [
    [
      { timeMs: 0, set: { count: 2, sum: 12, minimum: 5, maximum: 7 } },
      { timeMs: 60_000, set: { count: 1, sum: 1, minimum: 1, maximum: 1 } },
    ],
  ]);
  assert.deepEqual(await reader.sources(0), [{ source: "a/r/s", metrics: [0, 1] }]);
});

/** Fear: a sum without the share of a gateway looks like less traffic, and an autoscaler merges shards. */
test("a gateway that does not answer fails the call instead of lowering the sum", async () => {
  const reader = readerOverGateways(readerWith([[0, 5]], 0), gateways(["a", "b"], ["b"])("a"));
  await assert.rejects(reader.points([query]), { message: "b is gone" });
});
