import assert from "node:assert/strict";
import { test } from "node:test";
import { openSmallEngine } from "../../../support/embedded-engine.ts";
import { SimulatedDisk } from "../../../support/simulated-disk.ts";

const changesMax = 100_000;

test("compareAndSwap() refuses documents and keys over their limits and changes nothing", async () => {
  const { documents } = await openSmallEngine(new SimulatedDisk(), { groupBytesMax: 16 * 1024 * 1024 });
  const mebibyte = 1024 * 1024;
  await assert.rejects(documents.compareAndSwap("key", Buffer.alloc(12 * mebibyte + 1), 0n), { kind: "too_large" });
  await assert.rejects(documents.compareAndSwap("k".repeat(4097), Buffer.alloc(1), 0n), { kind: "too_large" });
  assert.deepEqual(await documents.list(""), []);
  const largest = Buffer.alloc(12 * mebibyte, "d");
  await documents.compareAndSwap("k".repeat(4096), largest, 0n);
  assert(largest.equals((await documents.get("k".repeat(4096)))?.value ?? Buffer.alloc(0)));
});

test("compareAndSwap() refuses a document that a smaller group cannot hold", async () => {
  const { documents } = await openSmallEngine(new SimulatedDisk());
  await assert.rejects(documents.compareAndSwap("key", Buffer.alloc(20_000), 0n), { kind: "too_large" });
  await documents.compareAndSwap("key", Buffer.alloc(10_000), 0n);
});

test("get() and list() hand out copies", async () => {
  const { documents } = await openSmallEngine(new SimulatedDisk());
  await documents.compareAndSwap("key", Buffer.from("value"), 0n);
  (await documents.get("key"))?.value.fill(0);
  (await documents.list(""))[0]?.value.fill(0);
  assert.equal(Buffer.from((await documents.get("key"))?.value ?? "").toString(), "value");
});

test("a watch that is too slow ends with an error; others continue", async () => {
  const { documents } = await openSmallEngine(new SimulatedDisk());
  const { signal } = new AbortController();
  const slow = documents.watch("a/", signal);
  const other = documents.watch("b/", signal);
  for (const watcher of [slow, other]) assert.deepEqual((await watcher.next()).value, { kind: "synced" });
  for (let change = 1; change <= changesMax + 1; change++) {
    documents.publish({ kind: "delete", key: "a/key", revision: BigInt(change) });
  }
  await assert.rejects(slow.next(), { kind: "throttled" });
  documents.publish({ kind: "delete", key: "b/key", revision: 7n });
  assert.deepEqual((await other.next()).value, { kind: "delete", key: "b/key", revision: 7n });
});

test("one change of a key is in flight at a time; later ones are compared with what became durable", async () => {
  const disk = new SimulatedDisk();
  const { documents } = await openSmallEngine(disk);
  const release = disk.holdWrites();
  const first = documents.compareAndSwap("key", Buffer.from("first"), 0n);
  const rival = documents.compareAndSwap("key", Buffer.from("rival"), 0n);
  const other = documents.compareAndSwap("other", Buffer.from("other"), 0n);
  assert.equal(await documents.get("key"), undefined, "what is not durable is not told");
  release();
  const [one, two] = await Promise.all([first, other]);
  assert.notEqual(one, two);
  await assert.rejects(rival, { kind: "conflict" });
});
