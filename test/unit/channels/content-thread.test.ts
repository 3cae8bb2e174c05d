import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type TestContext, test } from "node:test";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { parquetReadObjects } from "hyparquet";
import type { ContentInMaking, FinishedFile } from "../../../src/channels/batch/content-maker.ts";
import { ContentThread } from "../../../src/channels/content-thread.ts";
import type { ContentForm } from "../../../src/channels/new-content-builder.ts";
import { encodedBytes, writeRecord } from "../../../src/records/entry-layout.ts";
import { incomingRecords } from "../../support/incoming-records-of.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";

const idleMs = 30_000;
const plain: ContentForm = { kind: "object", format: "STRING", compression: "NONE" };

const hourly: ContentForm = {
  kind: "table",
  compression: "NONE",
  schema: {
    type: "struct",
    fields: [
      { id: 1, name: "id", required: true, type: "long" },
      { id: 2, name: "at", required: true, type: "timestamptz" },
    ],
  },
  spec: { "spec-id": 0, fields: [{ "source-id": 2, "field-id": 1000, name: "at_hour", transform: "hour" }] },
};

/** Records in the layout of entries. */
function page(...texts: readonly string[]): Uint8Array {
  const records = incomingRecords(texts.map((data) => ({ data, key: "k" })));
  const bytes = new Uint8Array(texts.reduce((sum, _, i) => sum + encodedBytes(records, i), 0));
  let at = 0;
  for (const i of texts.keys()) at = writeRecord(bytes, at, records, i);
  return bytes;
}

function open(t: TestContext): { readonly thread: ContentThread; readonly clock: SimulatedClock } {
  const clock = new SimulatedClock();
  const thread = new ContentThread(clock);
  t.after(() => thread.close());
  return { thread, clock };
}

/** The file of a content that has one. */
async function endOne(content: ContentInMaking): Promise<FinishedFile> {
  const [file, ...others] = await content.end();
  assert(file !== undefined && others.length === 0);
  return file;
}

async function make(thread: ContentThread, ...texts: readonly string[]): Promise<string> {
  const object = thread.begin(plain);
  await object.add([page(...texts)]);
  const { bytes } = await endOne(object);
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
    const object = thread.begin({ kind: "object", format: "JSON", compression });
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
      assert.deepEqual(faults, [[300, { code: "InvalidJson", message: "The data is not valid JSON." }]]);
    }
    const { bytes, sha256 } = await endOne(object);
    assert.equal(Buffer.from(decompress(bytes)).toString(), lines.map((line) => `${line}\n`).join(""));
    assert.equal(sha256, createHash("sha256").update(bytes).digest("hex"));
    object.discard(true);
  });
}

test("rows are files of their hours, in their order, and what is no row is a fault by its number", async (t) => {
  const { thread } = open(t);
  const content = thread.begin(hourly);
  const clicks = Array.from({ length: 600 }, (_, id) => JSON.stringify({ id, at: `2026-11-30T0${id % 2}:00:00Z` }));
  const added = await Promise.all([
    content.add([page(...clicks.slice(0, 200), "{broken"), page(...clicks.slice(200, 300))]),
    content.add([page(...clicks.slice(300), '{"id":"1","at":"2026-11-30T00:00:00Z"}')]),
  ]);
  assert.deepEqual(
    added.map(({ recordCount, fileCount }) => [recordCount, fileCount]),
    [
      [300, 2],
      [300, 2],
    ],
  );
  assert.deepEqual(
    added.map(({ faults }) => faults.map(([number, { code }]) => [number, code])),
    [[[200, "InvalidJson"]], [[300, "InvalidValue"]]],
  );
  const files = await content.end();
  for (const [i, { bytes, sha256, recordCount, hours }] of files.entries()) {
    assert.deepEqual(hours, [Date.UTC(2026, 10, 30, i) / 3_600_000]);
    assert.equal(sha256, createHash("sha256").update(bytes).digest("hex"));
    const rows = await parquetReadObjects({ file: Uint8Array.from(bytes).buffer });
    assert.equal(recordCount, rows.length);
    assert.deepEqual(
      rows.map(({ id }) => Number(id)),
      Array.from({ length: 300 }, (_, n) => 2 * n + i),
    );
  }
  assert.equal(files.length, 2);
  content.discard(true);
  assert.equal(await make(thread, "an object after it"), "an object after it\n");
});

test("the bytes of an object stay while others are made and their memory is reused", async (t) => {
  const { thread } = open(t);
  const kept = thread.begin(plain);
  await kept.add([page("kept")]);
  const { bytes } = await endOne(kept);
  for (const text of ["one", "two", "three"]) assert.equal(await make(thread, text), `${text}\n`);
  const other = thread.begin(plain);
  await other.add([page("other")]);
  kept.discard(false);
  assert.equal(await make(thread, "four"), "four\n");
  assert.equal(Buffer.from(bytes).toString(), "kept\n");
  assert.equal(Buffer.from((await endOne(other)).bytes).toString(), "other\n");
  other.discard(true);
});

test("an object may be larger than the memory that is kept for it", async (t) => {
  const { thread } = open(t);
  const object = thread.begin({ kind: "object", format: "BYTE_ARRAY", compression: "NONE" });
  const megabyte = "x".repeat(1_000_000);
  for (let i = 0; i < 23; i += 1) await object.add([page(megabyte)]);
  const { bytes, sha256 } = await endOne(object);
  assert.equal(sha256, createHash("sha256").update(megabyte.repeat(23)).digest("hex"));
  assert.equal(bytes.length, 23_000_000);
  object.discard(true);
});

test("an object that was discarded at work leaves the next one alone", async (t) => {
  const { thread } = open(t);
  const first = thread.begin({ kind: "object", format: "JSON", compression: "GZIP" });
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
  const thread = new ContentThread(new SimulatedClock());
  const object = thread.begin(plain);
  const adding = assert.rejects(object.add([page("late")]), /has ended/);
  await thread.close();
  await adding;
  await assert.rejects(object.end(), /has ended/);
  object.discard(false);
});
