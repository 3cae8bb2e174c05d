import assert from "node:assert/strict";
import { test } from "node:test";
import type { Gateways } from "../../../src/gateways/open-gateways.ts";
import { OpenedGateways } from "./opened-gateways.ts";

function toldTo({ rates }: Gateways): readonly string[] {
  return rates.others().map(({ value }) => Buffer.from(value).toString());
}

test("each gateway reads what the others have told last, and not its own", async () => {
  await using gateways = new OpenedGateways();
  const [first, second] = [await gateways.open(), await gateways.open()];
  await first.rates.write(Buffer.from("old"));
  await first.rates.write(Buffer.from("first"));
  await second.rates.write(Buffer.from("second"));
  await gateways.settle();
  assert.deepEqual([toldTo(first), toldTo(second)], [["second"], ["first"]]);
});

test("what a gateway told that is gone is not read, and its document is removed", async () => {
  await using gateways = new OpenedGateways();
  await gateways.store.compareAndSwap("gateways/rates/dead", Buffer.from("dead"), 0n);
  const first = await gateways.open();
  assert.deepEqual(toldTo(first), []);
  await gateways.settle();
  assert.equal(await gateways.store.get("gateways/rates/dead"), undefined);
});

test("a gateway whose document another one removed tells again", async () => {
  await using gateways = new OpenedGateways();
  const [first, second] = [await gateways.open(), await gateways.open()];
  await first.rates.write(Buffer.from("before"));
  const key = `gateways/rates/${first.registry.id}`;
  const { revision = 0n } = (await gateways.store.get(key)) ?? {};
  await gateways.store.compareAndSwap(key, null, revision);
  await first.rates.write(Buffer.from("after"));
  await gateways.settle();
  assert.deepEqual(toldTo(second), ["after"]);
});
