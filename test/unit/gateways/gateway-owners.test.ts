import assert from "node:assert/strict";
import { test } from "node:test";
import { OpenedGateways } from "./opened-gateways.ts";

test("a name has one owner whichever gateway asks, also when all ask at once", async () => {
  await using gateways = new OpenedGateways();
  const [first, second] = [await gateways.open(), await gateways.open()];
  const [one, other] = await Promise.all([first.owners.claim("queue"), second.owners.claim("queue")]);
  assert.equal(one.gateway.id, other.gateway.id);
  assert.equal(one.revision, other.revision);
  assert.deepEqual([one.isOwn, other.isOwn].toSorted(), [false, true]);
});

test("another gateway becomes the owner when the owner closes, or was killed", async () => {
  await using gateways = new OpenedGateways();
  await gateways.writeDead("dead");
  await gateways.store.compareAndSwap("gateways/owners/queue", Buffer.from("dead"), 0n);
  const first = await gateways.open();
  assert.equal((await first.owners.claim("queue")).gateway.id, "dead");
  await gateways.pass(5_000);
  assert.equal(first.owners.find("queue"), undefined);
  const own = await first.owners.claim("queue");
  assert.equal(own.isOwn, true);

  const second = await gateways.open();
  const changed: string[] = [];
  second.owners.onChange((name) => changed.push(name));
  assert.equal((await second.owners.claim("queue")).isOwn, false);
  await first.owners.release("queue");
  await first.close();
  await gateways.settle();
  const next = await second.owners.claim("queue");
  assert.equal(next.isOwn, true);
  assert(next.revision > own.revision);
  assert.deepEqual(new Set(changed), new Set(["queue"]));
});
