import assert from "node:assert/strict";
import { test } from "node:test";
import { OpenedGateways } from "./opened-gateways.ts";

const heldMsMin = 5_000;
const ignore = (): void => undefined;

test("a lease taken through one gateway holds on all, and is taken over after its time through any", async () => {
  await using gateways = new OpenedGateways();
  const [first, second] = [await gateways.open(), await gateways.open()];
  const lost: string[] = [];
  assert.equal(await first.leases.take("a", heldMsMin, () => lost.push("first")), true);
  await gateways.settle();
  assert.equal(await second.leases.take("a", heldMsMin, ignore), false);
  assert.equal(await second.leases.take("b", heldMsMin, ignore), true, "another name");
  await gateways.pass(heldMsMin);
  assert.equal(await second.leases.take("a", heldMsMin, () => lost.push("second")), true);
  await gateways.settle();
  assert.deepEqual(lost, ["first"]);
  await gateways.pass(heldMsMin);
  assert.equal(await first.leases.take("a", heldMsMin, ignore), true);
  await gateways.settle();
  assert.deepEqual(lost, ["first", "second"]);
});

test("of two gateways that take a lease at the same time one gets it", async () => {
  await using gateways = new OpenedGateways();
  const [first, second] = [await gateways.open(), await gateways.open()];
  const race = (): Promise<readonly boolean[]> =>
    Promise.all([first.leases.take("a", heldMsMin, ignore), second.leases.take("a", heldMsMin, ignore)]);
  assert.deepEqual((await race()).toSorted(), [false, true]);
  await gateways.pass(heldMsMin);
  assert.deepEqual((await race()).toSorted(), [false, true]);
});

test("the holder of a lease that loses the race to take it once more learns that it is lost", async () => {
  await using gateways = new OpenedGateways();
  const [first, second] = [await gateways.open(), await gateways.open()];
  let lostCount = 0;
  await first.leases.take("a", heldMsMin, () => {
    lostCount += 1;
  });
  await gateways.settle();
  await gateways.pass(heldMsMin);
  const taken = await Promise.all([
    second.leases.take("a", heldMsMin, ignore),
    first.leases.take("a", heldMsMin, ignore),
  ]);
  assert.deepEqual(taken, [true, false]);
  assert.equal(lostCount, 1);
});

test("an ended lease cannot be taken before its time, and leaves no document", async () => {
  await using gateways = new OpenedGateways();
  const [first, second] = [await gateways.open(), await gateways.open()];
  await first.leases.take("a", heldMsMin, ignore);
  const ended = first.leases.end("a", heldMsMin);
  await gateways.settle();
  assert.equal(await second.leases.take("a", heldMsMin, ignore), false);
  await gateways.pass(heldMsMin);
  await ended;
  await gateways.settle();
  assert.equal(await gateways.store.get("gateways/leases/a"), undefined);
  assert.equal(await second.leases.take("a", heldMsMin, ignore), true);
});

test("leases of a gateway that was killed can be taken, and their documents go", async () => {
  await using gateways = new OpenedGateways();
  await gateways.store.compareAndSwap("gateways/leases/a", Buffer.from("dead"), 0n);
  await gateways.store.compareAndSwap("gateways/leases/b", Buffer.from("dead"), 0n);
  const first = await gateways.open();
  assert.equal(await first.leases.take("a", heldMsMin, ignore), false, "it may have been taken a moment ago");
  await gateways.pass(heldMsMin);
  assert.equal(await first.leases.take("a", heldMsMin, ignore), true);
  await gateways.pass(20_000);
  assert.equal(await gateways.store.get("gateways/leases/b"), undefined);
  assert.notEqual(await gateways.store.get("gateways/leases/a"), undefined);
});
