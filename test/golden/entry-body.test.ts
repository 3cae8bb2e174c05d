// The bytes of entries' bodies, against ones that only a new version of the layout may change.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { SessionCipher } from "../../src/cipher/session-cipher.ts";
import { toAppendBatch } from "../../src/engine/append-batch.ts";
import type { Append } from "../../src/engine/shard-log.ts";
import { decodeEntry, encodeBatch, entryIdentityOf, isEncoded } from "../../src/records/entry-encoding.ts";
import { ENTRY_HEADER_BYTES, encodedBytes, writeEntryHeader, writeRecord } from "../../src/records/entry-layout.ts";
import { incomingRecords } from "../support/incoming-records-of.ts";

const golden: Record<string, string> = JSON.parse(readFileSync(new URL("./entry-body.json", import.meta.url), "utf8"));

/** The first cipher of its session, as a server's is after a start. */
function cipher(): SessionCipher {
  const session = Buffer.from("sixteen bytes id");
  return new SessionCipher({ rootKey: Buffer.alloc(32, 7), session, purpose: "millrace stream records" });
}

function appendOf(repeats: number, kms: boolean): Append {
  const records = incomingRecords([
    { key: "key-1", data: "first".repeat(repeats) },
    { data: "no key" },
    { key: "key-3", data: "" },
  ]);
  let bytes = ENTRY_HEADER_BYTES;
  for (let i = 0; i < records.count; i++) bytes += encodedBytes(records, i);
  const body = new Uint8Array(bytes);
  let at = writeEntryHeader(body, 0, { kms });
  for (let i = 0; i < records.count; i++) at = writeRecord(body, at, records, i);
  const shard = { streamId: "stream-1", shardIndex: 2, placement: {} };
  return { shard, entry: { count: records.count, timeMs: 1_700_000_000_123, body } };
}

function hexOf({ entry }: Append): string {
  return Buffer.from(entry.body).toString("hex");
}

test("a plain body is of version 1", () => {
  const append = appendOf(1, false);
  assert.equal(hexOf(append), golden["plain"]);
  assert.equal(isEncoded(append.entry.body), false);
});

test("an encrypted body is of version 2 around one of version 1", () => {
  const append = appendOf(1, true);
  const encoding = { compresses: false, key: { cipher: cipher(), keyNumber: 5 } };
  const { batch } = encodeBatch(toAppendBatch([append]), encoding);
  assert.equal(Buffer.from(batch.bytes).toString("hex", 0, batch.bodyBytes[0]), golden["sealed"]);
});

test("bodies that earlier servers encoded are read, whatever today's compressor would have written", () => {
  const place = entryIdentityOf(appendOf(1, true).shard, appendOf(1, true).entry);
  const bodies = {
    sealed: appendOf(1, true),
    compressed: appendOf(100, false),
    sealedAndCompressed: appendOf(100, true),
  };
  for (const [name, append] of Object.entries(bodies)) {
    const stored = Buffer.from(golden[name] ?? "", "hex");
    assert.ok(isEncoded(stored), name);
    assert.equal(Buffer.from(decodeEntry(stored, cipher(), place)).toString("hex"), hexOf(append), name);
  }
});
