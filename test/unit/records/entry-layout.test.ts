import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  cutSlice,
  ENTRY_HEADER_BYTES,
  encodedBytes,
  forEachRecord,
  isKmsMarked,
  writeEntryHeader,
  writeRecord,
} from "../../../src/records/entry-layout.ts";
import type { IncomingRecords } from "../../../src/records/incoming-records.ts";
import { type GivenRecord, incomingRecords } from "../../support/incoming-records-of.ts";

function bodyOf(records: IncomingRecords, kms = false): Buffer {
  let bytes = ENTRY_HEADER_BYTES;
  for (let i = 0; i < records.count; i += 1) bytes += encodedBytes(records, i);
  const body = Buffer.alloc(bytes);
  let at = writeEntryHeader(body, 0, { kms });
  for (let i = 0; i < records.count; i += 1) at = writeRecord(body, at, records, i);
  assert.equal(at, bytes);
  return body;
}

function recordsIn(body: Buffer, skip: number, count: number): GivenRecord[] {
  const found: GivenRecord[] = [];
  const { start, end } = cutSlice(body, { skip, countMax: count, dataBytesMax: Infinity, atLeastOne: true });
  forEachRecord(body, start, end, (keyStart, keyBytes, dataStart, dataBytes) => {
    const data = body.toString("latin1", dataStart, dataStart + dataBytes);
    found.push(keyBytes === 0xffff ? { data } : { key: body.toString("utf8", keyStart, keyStart + keyBytes), data });
  });
  return found;
}

test("the bytes are those of the drawing", () => {
  const body = bodyOf(incomingRecords([{ key: "k", data: "abc" }, { data: "" }]), true);
  assert.equal(body.toString("hex"), `01010000${"03000000"}${"0100"}${"6b"}${"616263"}${"00000000"}${"ffff"}`);
  assert.ok(isKmsMarked(body));
});

test("records survive the layout, whichever slice of them is read", () => {
  const given = fc.record(
    {
      key: fc.string({ unit: fc.constantFrom("a", "é", "日", "😀", "\u0000"), maxLength: 40 }),
      data: fc.string({ unit: "binary-ascii", maxLength: 100 }),
    },
    { requiredKeys: ["data"] },
  );
  fc.assert(
    fc.property(fc.array(given, { minLength: 1, maxLength: 20 }), fc.nat(), fc.nat(), (records, a, b) => {
      const body = bodyOf(incomingRecords(records));
      assert.equal(isKmsMarked(body), false);
      const skip = a % records.length;
      const count = b % (records.length - skip + 1);
      assert.deepEqual(
        recordsIn(body, skip, count),
        records.slice(skip, skip + count).map((record) => ({ ...record })),
      );
    }),
  );
});

test("a damaged body throws instead of giving other records", () => {
  const body = bodyOf(incomingRecords([{ key: "key", data: "data" }]));
  assert.throws(() => recordsIn(body, 0, 2), /ends inside a record/);
  for (let bytes = 0; bytes < body.length; bytes += 1) {
    assert.throws(() => recordsIn(body.subarray(0, bytes), 0, 1), /ends inside a record/, `${bytes} bytes`);
  }
  const newer = Buffer.from(body);
  newer[0] = 2;
  assert.throws(() => recordsIn(newer, 0, 1), /version 2/);
  const huge = Buffer.from(body);
  huge[ENTRY_HEADER_BYTES + 3] = 0xff;
  assert.throws(() => recordsIn(huge, 0, 1), /ends inside a record/);
});
