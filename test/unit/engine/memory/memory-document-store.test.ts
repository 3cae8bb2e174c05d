import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryDocumentStore } from "../../../../src/engine/memory/memory-document-store.ts";

const mib = 1024 * 1024;

test("watch() fails a watcher that falls 64 MiB behind, and a new one sees the present state", async () => {
  const catalog = new MemoryDocumentStore();
  catalog.open();
  const { signal } = new AbortController();
  const slow = catalog.watch("", signal);
  assert.deepEqual((await slow.next()).value, { kind: "synced" });
  const value = new Uint8Array(8 * mib);
  let revision = 0n;
  for (let change = 0; change < 9; change++) revision = await catalog.compareAndSwap("a", value, revision);
  await assert.rejects(slow.next(), { kind: "unavailable" });
  const event = (await catalog.watch("", signal).next()).value;
  assert(event?.kind === "put" && event.document.revision === revision);
});

test("compareAndSwap() refuses a document over 16 MiB", async () => {
  const catalog = new MemoryDocumentStore();
  catalog.open();
  await assert.rejects(catalog.compareAndSwap("a", new Uint8Array(16 * mib + 1), 0n), { kind: "too_large" });
  assert.equal(await catalog.get("a"), undefined);
});
