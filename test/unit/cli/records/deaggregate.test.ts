import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { deaggregate } from "../../../../src/cli/records/deaggregate.ts";
import { decodeRecord } from "../../../../src/cli/records/decode-record.ts";

/** A field with a length: the tag, the length below 128, the bytes. */
function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes]);
}

function aggregate(message: Buffer): Buffer {
  const digest = createHash("md5").update(message).digest();
  return Buffer.concat([Buffer.from([0xf3, 0x89, 0x9a, 0xc2]), message, digest]);
}

const message = Buffer.concat([
  field(1, Buffer.from("alice")),
  field(1, Buffer.from("bob")),
  field(2, Buffer.from("17")),
  field(3, Buffer.concat([Buffer.from([8, 0]), field(3, Buffer.from("one"))])),
  // Key 1, hash key 0, data, and a tag that is of no use here.
  field(
    3,
    Buffer.concat([Buffer.from([8, 1, 16, 0]), field(3, gzipSync("two", { level: 1 })), field(4, Buffer.from("x"))]),
  ),
]);

const record = { shardId: "s", sequenceNumber: "9", arrivalMs: 1, partitionKey: "a", data: aggregate(message) };

test("an aggregated record is as many records as it contains, each unzipped, with its key and its place", () => {
  const records = decodeRecord(record).map(({ data, ...rest }) => ({ ...rest, text: Buffer.from(data).toString() }));
  const common = { shardId: "s", sequenceNumber: "9", arrivalMs: 1 };
  assert.deepEqual(records, [
    { ...common, subSequenceNumber: 0, partitionKey: "alice", text: "one" },
    { ...common, subSequenceNumber: 1, partitionKey: "bob", explicitHashKey: "17", text: "two" },
  ]);
});

test("data that is no whole aggregated record is one record", () => {
  const whole = aggregate(message);
  for (const data of [
    whole.subarray(0, -1),
    whole.subarray(1),
    Buffer.from("plain"),
    aggregate(Buffer.from([10, 127])),
  ]) {
    assert.equal(deaggregate(data), undefined);
    assert.deepEqual(decodeRecord({ ...record, data }), [{ ...record, data }]);
  }
  const lost = aggregate(field(3, Buffer.from([8, 5])));
  assert.equal(deaggregate(lost), undefined, "a record whose key is not in the table");
});

test("gzip that is cut is shown as it is", () => {
  const data = gzipSync("text").subarray(0, 12);
  assert.deepEqual(decodeRecord({ ...record, data }), [{ ...record, data }]);
});
