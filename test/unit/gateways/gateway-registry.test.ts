import assert from "node:assert/strict";
import { test } from "node:test";
import type { Gateways } from "../../../src/gateways/open-gateways.ts";
import { OpenedGateways } from "./opened-gateways.ts";

function liveIds({ registry }: Gateways): readonly string[] {
  return registry.live.map(({ id }) => id);
}

test("gateways see each other come, and go at once when they close", async () => {
  await using gateways = new OpenedGateways();
  const first = await gateways.open();
  assert.deepEqual(liveIds(first), [first.registry.id]);
  const second = await gateways.open();
  const both = [first.registry.id, second.registry.id].sort();
  assert.deepEqual([liveIds(first), liveIds(second)], [both, both]);
  await second.close();
  await gateways.settle();
  assert.deepEqual(liveIds(first), [first.registry.id]);
});

test("a gateway that was killed is gone within five seconds, and its document too", async () => {
  await using gateways = new OpenedGateways();
  await gateways.writeDead("dead");
  const first = await gateways.open();
  assert.equal(liveIds(first).length, 2, "it may have been written a moment ago");
  const seen: number[] = [];
  first.registry.onChange(() => seen.push(first.registry.live.length));
  await gateways.pass(5_000);
  assert.deepEqual(seen, [1]);
  assert.equal(await gateways.store.get("gateways/dead"), undefined);
});

test("no gateway is taken for gone while no document can be written", async (t) => {
  await using gateways = new OpenedGateways();
  const [first, second] = [await gateways.open(), await gateways.open()];
  const swap = t.mock.method(gateways.store, "compareAndSwap", async () => {
    throw new Error("the servers elect a leader");
  });
  await gateways.pass(12_000);
  assert.equal(liveIds(first).length, 2);
  swap.mock.restore();
  await gateways.pass(5_000);
  assert.deepEqual([liveIds(first).length, liveIds(second).length], [2, 2]);
});

test("a gateway that was paused and taken for gone is seen again", async () => {
  await using gateways = new OpenedGateways();
  const [first, second] = [await gateways.open(), await gateways.open()];
  const { id } = second.registry;
  const document = await gateways.store.get(`gateways/${id}`);
  await gateways.store.compareAndSwap(`gateways/${id}`, null, document?.revision ?? 0n);
  await gateways.settle();
  assert.equal(liveIds(first).length, 1);
  await gateways.pass(2_000);
  assert.equal(liveIds(first).length, 2);
});

test("the address of a gateway is told to the others", async () => {
  await using gateways = new OpenedGateways();
  const [first, second] = [await gateways.open(), await gateways.open()];
  await second.registry.announce("http://10.0.0.2:4567");
  await gateways.settle();
  assert.equal(first.registry.find(second.registry.id)?.address, "http://10.0.0.2:4567");
  await gateways.pass(3_000);
  assert.equal(first.registry.find(second.registry.id)?.address, "http://10.0.0.2:4567");
});
