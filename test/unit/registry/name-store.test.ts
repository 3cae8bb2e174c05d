import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import { NameStore } from "../../../src/registry/name-store.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";

const place = { account: "123456789012", region: "us-east-1", name: "work" };
const unused = () => false;

async function openStore(t: TestContext) {
  const clock = new SimulatedClock();
  const engine = new MemoryEngine({ clock, memoryBudgetBytes: 2 ** 24 });
  await engine.open();
  t.after(() => engine.close());
  return { clock, names: new NameStore(engine.documents, clock, "queue") };
}

test("a name is reserved once in its account and region, until it is released", async (t) => {
  const { names } = await openStore(t);
  assert.equal(await names.reserve(place, "a", unused), true);
  assert.equal(await names.reserve(place, "b", unused), false);
  assert.equal(await names.reserve({ ...place, account: "210987654321" }, "b", unused), true);
  assert.equal(await names.reserve({ ...place, region: "eu-west-1" }, "b", unused), true);
  await names.release(place, "a");
  await names.release(place, "a");
  assert.equal(await names.reserve(place, "b", unused), true);
});

test("a late release of a queue that is gone does not free the name of its successor", async (t) => {
  const { names } = await openStore(t);
  await names.reserve(place, "a", unused);
  await names.release(place, "a");
  await names.reserve(place, "b", unused);
  await names.release(place, "a");
  assert.equal(await names.reserve(place, "c", unused), false);
});

test("of two that reserve a name at once, one gets it", async (t) => {
  const { names } = await openStore(t);
  const results = await Promise.all(["a", "b", "c"].map((id) => names.reserve(place, id, unused)));
  assert.deepEqual(results.toSorted(), [false, false, true]);
});

test("a reservation whose queue was never written is taken over after a minute, that of a queue never", async (t) => {
  const { names, clock } = await openStore(t);
  await names.reserve(place, "a", unused);
  await clock.advance(59_999);
  assert.equal(await names.reserve(place, "b", unused), false);
  await clock.advance(1);
  assert.equal(await names.reserve(place, "b", (id) => id === "a"), false);
  assert.equal(await names.reserve(place, "b", unused), true);
});
