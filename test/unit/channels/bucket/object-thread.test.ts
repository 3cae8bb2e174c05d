import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type TestContext, test } from "node:test";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import type { ObjectForm } from "../../../../src/channels/bucket/content-builder.ts";
import { ObjectThread } from "../../../../src/channels/bucket/object-thread.ts";
import { encodedBytes, writeRecord } from "../../../../src/records/entry-layout.ts";
import { incomingRecords } from "../../../support/incoming-records-of.ts";
import { SimulatedClock } from "../../../support/simulated-clock.ts";

const idleMs = 30_000;
const plain: ObjectForm = { format: "STRING", compression: "NONE" };

/** Records in the layout of entries. */
function page(...texts: readonly string[]): Uint8Array {
  const records = incomingRecords(texts.map((data) => ({ data, key: "k" })));
  const bytes = new Uint8Array(texts.reduce((sum, _, i) => sum + encodedBytes(records, i), 0));
  let at = 0;
  for (const i of texts.keys()) at = writeRecord(bytes, at, records, i);
  return bytes;
}

function open(t: TestContext): { readonly thread: ObjectThread; readonly clock: SimulatedClock } {
  const clock = new SimulatedClock();
  const thread = new ObjectThread(clock);
  t.after(() => thread.close());
  return { thread, clock };
}

async function make(thread: ObjectThread, ...texts: readonly string[]): Promise<string> {
  const object = thread.begin(plain);
  await object.add([page(...texts)]);
  const { bytes } = await object.end();
  const text = Buffer.from(bytes).toString();
  object.discard(true);
  return text;
}

for (const [compression, decompress] of [
  ["NONE", (bytes: Uint8Array) => bytes],
  ["GZIP", gunzipSync],
  ["ZSTD", zstdDecompressSync],
] as const) {
  test(`pages that are added without waiting are one object in their order, with ${compression}`, async (t) => {
    const { thread } = open(t);
    const object = thread.begin({ format: "JSON", compression });
    const lines = Array.from({ length: 900 }, (_, i) => JSON.stringify({ number: i, text: "x".repeat(i % 300) }));
    const added = [0, 300, 600].map((from) => {
      const first = page(...lines.slice(from, from + 150));
      const second = page(...lines.slice(from + 150, from + 300), "{broken");
      const adding = object.add([first, second]);
      // The parts may be reused at once.
      first.fill(0);
      second.fill(0);
      return adding;
    });
    for (const { recordCount, dataBytes, faults } of await Promise.all(added)) {
      assert.equal(recordCount, 300);
      assert(dataBytes > 0);
      assert.deepEqual(faults, [[300, "notJson"]]);
    }
    const { bytes, sha256 } = await object.end();
    assert.equal(Buffer.from(decompress(bytes)).toString(), lines.map((line) => `${line}\n`).join(""));
    assert.equal(sha256, createHash("sha256").update(bytes).digest("hex"));
    object.discard(true);
  });
}

test("the bytes of an object stay while others are made and their memory is reused", async (t) => {
  const { thread } = open(t);
  const kept = thread.begin(plain);
  await kept.add([page("kept")]);
  const { bytes } = await kept.end();
  for (const text of ["one", "two", "three"]) assert.equal(await make(thread, text), `${text}\n`);
  const other = thread.begin(plain);
  await other.add([page("other")]);
  kept.discard(false);
  assert.equal(await make(thread, "four"), "four\n");
  assert.equal(Buffer.from(bytes).toString(), "kept\n");
  assert.equal(Buffer.from((await other.end()).bytes).toString(), "other\n");
  other.discard(true);
});

test("an object may be larger than the memory that is kept for it", async (t) => {
  const { thread } = open(t);
  const object = thread.begin({ format: "BYTE_ARRAY", compression: "NONE" });
  const megabyte = "x".repeat(1_000_000);
  for (let i = 0; i < 23; i += 1) await object.add([page(megabyte)]);
  const { bytes, sha256 } = await object.end();
  assert.equal(sha256, createHash("sha256").update(megabyte.repeat(23)).digest("hex"));
  assert.equal(bytes.length, 23_000_000);
  object.discard(true);
});

test("an object that was discarded at work leaves the next one alone", async (t) => {
  const { thread } = open(t);
  const first = thread.begin({ format: "JSON", compression: "GZIP" });
  const adding = assert.rejects(first.add([page('"first"')]), /was discarded/);
  first.discard(false);
  await adding;
  assert.equal(await make(thread, "second"), "second\n");
});

test("a page that is no page fails its object alone", async (t) => {
  const { thread } = open(t);
  const object = thread.begin(plain);
  await assert.rejects(object.add([Buffer.from([1, 2])]), /ends inside a record/);
  object.discard(false);
  assert.equal(await make(thread, "next"), "next\n");
});

test("a thread that made nothing for a while ends, and the next object starts another one", async (t) => {
  const { thread, clock } = open(t);
  assert.equal(await make(thread, "first"), "first\n");
  await clock.advance(idleMs - 1);
  assert.equal(clock.pendingDelayCount, 1);
  await clock.advance(1);
  assert.equal(clock.pendingDelayCount, 0);
  assert.equal(await make(thread, "second"), "second\n");
});

test("what is under way is refused when the thread is closed", async () => {
  const thread = new ObjectThread(new SimulatedClock());
  const object = thread.begin(plain);
  const adding = assert.rejects(object.add([page("late")]), /has ended/);
  await thread.close();
  await adding;
  await assert.rejects(object.end(), /has ended/);
  object.discard(false);
});
