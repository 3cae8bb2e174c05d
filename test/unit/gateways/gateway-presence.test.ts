import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { MemoryDocumentStore } from "../../../src/engine/memory/memory-document-store.ts";
import { GatewayPresence } from "../../../src/gateways/gateway-presence.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";

function makePresence(documents: MemoryDocumentStore, clock: SimulatedClock, id: string): GatewayPresence {
  return new GatewayPresence({ documents, clock, id });
}

function openDocuments(): MemoryDocumentStore {
  const documents = new MemoryDocumentStore();
  documents.open();
  return documents;
}

/** The count needs time to pass while it waits. */
async function countOthers(presence: GatewayPresence, clock: SimulatedClock): Promise<number> {
  let isCounted = false;
  const counted = presence.countOthers().finally(() => {
    isCounted = true;
  });
  while (!isCounted) {
    await nextTurn();
    await clock.advance(100);
  }
  return await counted;
}

test("a gateway sees those that run, and not itself", async () => {
  const [documents, clock] = [openDocuments(), new SimulatedClock()];
  const [first, second] = [makePresence(documents, clock, "first"), makePresence(documents, clock, "second")];
  await first.open();
  assert.equal(await countOthers(first, clock), 0);
  await second.open();
  assert.equal(await countOthers(second, clock), 1);
  assert.equal(await countOthers(first, clock), 1);
  await second.close();
  assert.equal(await countOthers(first, clock), 0);
  await first.close();
  assert.deepEqual(await documents.list(""), []);
});

test("a gateway that died without a close is not seen, and its document goes", async () => {
  const [documents, clock] = [openDocuments(), new SimulatedClock()];
  await documents.compareAndSwap("gateways/dead", new Uint8Array(), 0n);
  const presence = makePresence(documents, clock, "new");
  await presence.open();
  assert.equal(await countOthers(presence, clock), 0);
  assert.equal((await documents.list("")).length, 1);
  await presence.close();
});

test("a gateway that another one took for gone is seen again", async () => {
  const [documents, clock] = [openDocuments(), new SimulatedClock()];
  const [first, second] = [makePresence(documents, clock, "first"), makePresence(documents, clock, "second")];
  await first.open();
  const document = await documents.get("gateways/first");
  assert(document !== undefined);
  await documents.compareAndSwap(document.key, null, document.revision);
  await second.open();
  for (let beat = 0; beat < 3; beat++) {
    await clock.advance(1_000);
    await nextTurn();
  }
  assert.equal(await countOthers(second, clock), 1);
  await first.close();
  await second.close();
});
